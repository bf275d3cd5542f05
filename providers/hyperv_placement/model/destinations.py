"""Where a connection leads, by the text that is dialled, and whether that is one of the places an operator has named."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from .names import dns_name

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
"""A last label which makes resolvers take the whole for an IPv4 address, as in 0x7f.1 (inet_aton; WHATWG URL, "ends in a number")."""


def destination(url: str) -> tuple[str, int | None] | None:
    """Return host and port of a URL; None where its authority is anything else than just these.

    What two parsers could read as two places is no place: user names, ports of letters, text after brackets, empty labels.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    # `hostname` takes the brackets of an IPv6 address away (RFC 3986, 3.2.2).
    shown = f"[{host}]" if ":" in host else host
    plain = url.isascii() and url.isprintable()  # urlsplit leaves out tabs, and folds other alphabets
    whole = plain and parts.netloc.lower() in {shown, f"{shown}:{port}"}
    return (host, port) if whole and is_place(host) else None


def is_name(text: str) -> bool:
    """Say whether `text` can be dialled as a name: by the grammar of DNS, without the dot of the root, and no address to any resolver."""
    return dns_name(text) and not text.endswith(".") and _NUMBER.fullmatch(text.rpartition(".")[2]) is None


def is_place(host: str) -> bool:
    """Say whether `host` is an IP address or a name."""
    return _address(host) is not None or is_name(host)


def is_pattern(text: str) -> bool:
    """Say whether `text` names places: a name, `.suffix`, an IP address or a network."""
    return _network(text) is not None or is_name(text.removeprefix("."))


def fits(host: str, patterns: Iterable[str]) -> bool:
    """Say whether a name or an IP address is one of `patterns`: `.corp.example` is every name below it, not the name itself.

    A name is never looked up: a network fits addresses alone. An IPv4 address inside an IPv6 one (`::ffff:10.0.0.1`,
    RFC 4291 2.5.5.2) is that IPv4 address, for it is what is dialled.
    """
    host = host.lower()
    address = _address(host)
    if address is not None:
        networks = (network for pattern in patterns if (network := _network(pattern)) is not None)
        return any(address.version == network.version and address in network for network in networks)
    # Names fit names alone, and are not resolved: DNS is in the hands of those whom a policy guards against.
    if not is_name(host):
        return False
    named = [pattern.lower() for pattern in patterns]
    return any(
        host.endswith(pattern) and host != pattern if pattern.startswith(".") else host == pattern
        for pattern in named
    )


def _address(text: str) -> Address | None:
    """Return an address; one with a zone (RFC 4007 11) is none, for each computer has its own."""
    if "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # The IPv4 address within is what is dialled: patterns of IPv4 have to count for it.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=16384)  # each host is held against all patterns of a policy
def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None
