"""The security descriptor in msDS-AllowedToActOnBehalfOfOtherIdentity: who is let in, one more, one less.

Self-relative form of MS-DTYP 2.4.6, with a discretionary ACL (2.4.5) alone and ACCESS_ALLOWED_ACE entries (2.4.4.2).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator

_HEADER = struct.Struct("<BBHIIII")
_ACL = struct.Struct("<BBHHH")
_ACE = struct.Struct("<BBHI")
_SID_HEAD = 8
"""Bytes of a SID before its sub-authorities: revision, their number, authority (MS-DTYP 2.4.2.2)."""
_SELF_RELATIVE, _DACL_PRESENT = 0x8000, 0x0004
_ALLOWED = 0
_FULL_CONTROL = 0x000F01FF
"""The mask that Set-ADComputer -PrincipalsAllowedToDelegateToAccount writes (as field reports show it; unverified)."""
_ADMINISTRATORS = "S-1-5-32-544"
"""The owner that the same command writes (as field reports show it; unverified)."""


def sid_text(raw: bytes) -> str:
    """Return a binary SID (MS-DTYP 2.4.2.2) as `S-1-...`. Raises ValueError where it is none."""
    if len(raw) < _SID_HEAD or len(raw) != _SID_HEAD + 4 * raw[1]:
        raise ValueError("no SID")
    parts = struct.unpack(f"<{raw[1]}I", raw[_SID_HEAD:])
    return "-".join(["S", str(raw[0]), str(int.from_bytes(raw[2:8], "big")), *map(str, parts)])


def sid_bytes(text: str) -> bytes:
    """Return `S-1-...` in binary. Raises ValueError where it is no SID."""
    if not re.fullmatch(r"S(-[0-9]+){2,17}", text):
        raise ValueError(f"{text!r} is no SID")
    revision, authority, *parts = map(int, text.split("-")[1:])
    return (
        bytes([revision, len(parts)]) + authority.to_bytes(6, "big") + struct.pack(f"<{len(parts)}I", *parts)
    )


def allowed(descriptor: bytes) -> frozenset[str]:
    """Return the SIDs that are let in; nobody by an empty one. Raises ValueError where it cannot be read."""
    return frozenset(sid for sid, _ in _entries(descriptor) if sid is not None)


def with_allowed(descriptor: bytes, sids: Collection[str]) -> bytes:
    """Return `descriptor` with `sids` let in as well. Raises ValueError where it cannot be read."""
    known = allowed(descriptor)
    aces = [ace for _, ace in _entries(descriptor)]
    aces += (
        _ACE.pack(_ALLOWED, 0, _ACE.size + len(sid), _FULL_CONTROL) + sid
        for sid in (sid_bytes(each) for each in sids if each not in known)
    )
    return _written(descriptor, aces)


def without_allowed(descriptor: bytes, sids: Collection[str]) -> bytes:
    """Return `descriptor` without the entries that let `sids` in; empty where no entry is left."""
    # Entries of other types have no SID here, and stay as they were read.
    aces = [ace for sid, ace in _entries(descriptor) if sid not in sids]
    return _written(descriptor, aces) if aces else b""


def _written(before: bytes, aces: list[bytes]) -> bytes:
    """Return a descriptor with these entries, owner and group as before."""
    owner, group = sid_bytes(_ADMINISTRATORS), b""
    if before:
        _, _, _, owner_at, group_at, _, _ = _HEADER.unpack_from(before)
        owner, group = _sid_at(before, owner_at), _sid_at(before, group_at)
    body = b"".join(aces)
    acl = _ACL.pack(4, 0, _ACL.size + len(body), len(aces), 0) + body
    group_at = _HEADER.size + len(owner)
    header = _HEADER.pack(
        1, 0, _SELF_RELATIVE | _DACL_PRESENT,
        _HEADER.size if owner else 0, group_at if group else 0, 0, group_at + len(group),
    )  # fmt: skip
    return header + owner + group + acl


def _sid_at(descriptor: bytes, at: int) -> bytes:
    if not at:
        return b""
    found = descriptor[at : at + _SID_HEAD + 4 * descriptor[at + 1]] if at + 1 < len(descriptor) else b""
    sid_text(found)  # a malformed owner would be written back
    return found


def _entries(descriptor: bytes) -> Iterator[tuple[str | None, bytes]]:
    """Yield each entry with the SID that it lets in, None where it is of another type."""
    if not descriptor:
        return
    try:
        _, _, control, _, _, _, at = _HEADER.unpack_from(descriptor)
        if not control & _DACL_PRESENT or not at:
            return
        _, _, size, count, _ = _ACL.unpack_from(descriptor, at)
        end, at = at + size, at + _ACL.size
        for _ in range(count):
            kind, _, length, _ = _ACE.unpack_from(descriptor, at)
            ace = descriptor[at : at + length]
            # Refused, not skipped: written back, a list that is cut would take rights away from somebody.
            if length < _ACE.size or at + length > end or len(ace) != length:
                raise ValueError("an entry ends outside of its list")
            yield (sid_text(ace[_ACE.size :]) if kind == _ALLOWED else None), ace
            at += length
    except (struct.error, IndexError) as error:
        raise ValueError("the security descriptor is cut off") from error
