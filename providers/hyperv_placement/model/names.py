"""How hosts and virtual machines are named: a GUID is a key, everything else a label."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NewType

from hyperv_placement.errors import StackNameError

VmId = NewType("VmId", str)
"""Msvm_ComputerSystem.Name of a virtual machine: a GUID, upper case, no braces."""

HostName = NewType("HostName", str)
"""The key of a host in the stack file; not its address and not the name it reports."""

_RUNS = re.compile(r"([0-9]+)")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_DNS_LONGEST = 253
"""Characters of a name without the dot of the root (RFC 1035 2.3.4: 255 octets on the wire)."""
StackName = NewType("StackName", str)
"""Name of a Pulumi stack, of its grammar: what may become part of a path."""

_STACK = re.compile(r"[A-Za-z0-9_.-]{1,100}")
"""pulumi/pulumi sdk/go/common/tokens/stacks.go, which PULUMI_DISABLE_VALIDATION switches off there."""
_SHOWN = 100
_GUID = re.compile(r"(\{)?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?(1)\})")


def stack_name(text: str) -> StackName:
    """Return `text` as the name of a stack. Raises StackNameError where it is none: it holds a `/`, or is `..`, for example.

    Pulumi lets `.` and `..` pass; as parts of a path they are folders.
    """
    if _STACK.fullmatch(text) is None or not text.strip("."):
        shown = ascii(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
        raise StackNameError(
            f"{shown} is no name of a stack: letters, digits, _ . and - make one, at most 100"
        )
    return StackName(text)


def folded(name: str) -> str:
    """Return the form in which two spellings of one name are equal: of machines, switches, virtual SANs, hosts and accounts.

    Hyper-V lets two names differ in case only; which of them somebody means is then for him to say.
    """
    return name.casefold()


def natural(name: str) -> tuple[tuple[str | tuple[int, str], ...], str]:
    """Return a key by which names sort as people count: hv2 before hv10, without regard to case.

    Names that differ in nothing else, such as hv1 and hv01, have an order of their own by their spelling.
    """
    # Parts alternate between text and number, and begin with text, so that no number is ever compared with a text.
    parts = _RUNS.split(folded(name))
    return tuple(_number(part) if number % 2 else part for number, part in enumerate(parts)), name


def _number(digits: str) -> tuple[int, str]:
    """Return a key by which numbers sort, however long they are: Python makes no number of more than 4300 digits."""
    short = digits.lstrip("0")
    return len(short), short


def same(one: str, other: str) -> bool:
    """Say whether two names are one but for case."""
    return folded(one) == folded(other)


def dns(name: str) -> str:
    """Return a host's name as DNS compares it: without case and without the dot of the root."""
    return folded(name).rstrip(".")


def dns_name(text: str) -> bool:
    """Say whether `text` can be the name of a host, a full or a short one: labels of letters, digits, hyphens and underscores.

    RFC 1123 2.1 and RFC 1035 2.3.4, with the underscore, which Windows lets a computer have (Microsoft, "Naming conventions
    in Active Directory": DNS servers may allow it anywhere in a name). Names in other scripts, which Windows lets a computer
    have as well and advises against, are none here.
    """
    name = text.removesuffix(".")
    return len(name) <= _DNS_LONGEST and all(map(_LABEL.fullmatch, name.split(".")))


def is_guid(text: str) -> bool:
    """Say whether `text` is a GUID, with or without braces, in any case."""
    return _GUID.fullmatch(text) is not None


def vm_id(text: str) -> VmId:
    """Return `text` as key: upper case, no braces. Raises ValueError where it is no GUID."""
    match = _GUID.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no GUID")
    return VmId(match.group(2).upper())


def is_ip_address(text: str) -> bool:
    """Say whether a host is named by its IP address, of either version."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
