"""The time zone of a stack file, and of a window that names its own."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .findings import Findings
from .nodes import Mapping, Scalar

KEY = "timezone"


def zone_of(root: Mapping) -> ZoneInfo | None:
    """Return the time zone of a whole stack file; None where it names none, or none that is known here."""
    named = root.scalar(KEY)
    return None if named is None else _known(named.text)


def read_zone(named: Scalar, where: str, findings: Findings) -> ZoneInfo | None:
    """Return a time zone by its name; None where it is not known here, which is reported. `where`: the key that names it."""
    zone = _known(named.text)
    if zone is None:
        findings.add(
            "timezone-unknown",
            named.line,
            f"{where}: '{named.text}' is no time zone that is known here; write its name in the IANA database,"
            " such as Europe/Berlin or UTC; where that is right, install the system's package tzdata",
        )
    return zone


def _known(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    # A key that leads out of the folders of time zones is a ValueError (Python, zoneinfo): it is no zone either.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
