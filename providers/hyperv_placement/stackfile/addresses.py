"""From the address of a host, as people write it, to the endpoint that is dialled."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from hyperv_placement.model.destinations import is_name

HTTPS_PORT, HTTP_PORT = 5986, 5985
"""WinRM's ports (Learn, "Installation and configuration for Windows Remote Management")."""
_PATH = "/wsman"
_LOOKS_LIKE_IP = re.compile(r"[0-9.]+")
_ODD_ZONE = re.compile(r"%(?![A-Za-z0-9_.-]+$)")
"""Behind the address of a link: the name of an interface (RFC 4007 11); Python takes anything for one."""
_EXAMPLE = "such as hv1.corp.example, hv1.corp.example:5986 or https://hv1.corp.example:5986/wsman"


def endpoint(address: str) -> str:
    """Return the URL that `address` (name, IP address, name:port, URL) means: HTTPS, port 5986, path /wsman.

    An http:// URL stays one, with port 5985, and NAME:5985 is one, since nothing else listens there: whether it
    may be used is the caller's to judge. Raises ValueError with what is wrong and what would be right.
    """
    if "://" in address:
        parts = _split(address)
        scheme, path = parts.scheme.lower(), parts.path.rstrip("/") or _PATH
    else:
        path = _PATH
        # Without brackets the end of an IPv6 address would be read as its port (RFC 3986, 3.2.2).
        parts = _split(f"//[{address}]" if _is_ipv6(address) else f"//{address}")
        if parts.path:
            raise ValueError(f"'{address}' has a path but no scheme; write a name or a full URL, {_EXAMPLE}")
        scheme = "http" if _port(parts, address) == HTTP_PORT else "https"
    if scheme not in {"http", "https"}:
        raise ValueError(f"'{address}' is no address of a host; write a name or an https:// URL, {_EXAMPLE}")
    port = _port(parts, address) or (HTTPS_PORT if scheme == "https" else HTTP_PORT)
    return f"{scheme}://{_host(parts, address)}:{port}{path}"


def is_account(name: str) -> bool:
    """Say whether `name` can be the name of a computer account."""
    return is_name(name)


def authority(url: str) -> str:
    """Return host and port of an endpoint: two hosts with the same are one machine."""
    return urlsplit(url).netloc


def _split(text: str) -> SplitResult:
    if "@" in text:
        raise ValueError(
            "the address holds a user name; that belongs in the file that connection.credentials names"
        )
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError(f"'{text}' is no address ({error}); write {_EXAMPLE}") from error
    # urlsplit shows an empty query or fragment as none at all: `name?`.
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise ValueError(f"'{text}' has a query or fragment; write {_EXAMPLE}")
    return parts


def _host(parts: SplitResult, address: str) -> str:
    host = parts.hostname or ""
    if _is_ipv6(host):
        return f"[{ipaddress.ip_address(host)}]"
    # Resolvers take 10.1 for 10.0.0.1 (inet_aton): what looks like an address has to be a whole one.
    if _LOOKS_LIKE_IP.fullmatch(host):
        try:
            return str(ipaddress.ip_address(host))
        except ValueError as error:
            raise ValueError(
                f"'{address}': {host} is no IP address; an IPv4 address is four numbers up to 255"
            ) from error
    if not is_name(host):
        raise ValueError(f"'{address}' holds no host name that DNS could know; write {_EXAMPLE}")
    return host


def _port(parts: SplitResult, address: str) -> int | None:
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"'{address}' has no valid port; a port is a number from 1 to 65535") from error
    if port == 0:
        raise ValueError(f"'{address}' has port 0; a port is a number from 1 to 65535")
    return port


def _is_ipv6(text: str) -> bool:
    if _ODD_ZONE.search(text):
        return False
    try:
        return isinstance(ipaddress.ip_address(text), ipaddress.IPv6Address)
    except ValueError:
        return False
