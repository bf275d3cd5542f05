"""What `drift --json` has written of one stack, and what `fleet --json` has of many, read back from files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hyperv_placement.model import strict_json
from hyperv_placement.model.calendar import zone_name
from hyperv_placement.model.names import is_guid, vm_id
from hyperv_placement.planning.sites import NotRead, SiteDrift, SiteReport
from hyperv_placement.system.files import read_bounded

LARGEST = 64 << 20
"""Bytes; 10,000 drifts have some 6 MiB."""
_PREFIX = "drift-"


def read_report(path: Path) -> SiteReport | NotRead:
    """Return what a file says of its stack; where it cannot be read, why. Its stack is then the one that its name says."""
    try:
        content = strict_json.loads(read_bounded(path, LARGEST))
        return _report(content)
    except OSError as error:
        why = f"{path.name} cannot be read: {error.strerror or error}"
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        why = f"{path.name} is not what drift --json writes"
    return NotRead(stack=path.stem.removeprefix(_PREFIX), why=why)


def read_since(path: Path) -> Mapping[str, datetime]:
    """Return since when an earlier table of all stacks had each of its keys. Raises OSError, ValueError where it is none."""
    try:
        rows = strict_json.loads(read_bounded(path, LARGEST))["drifts"]
        return {str(each["key"]): _time(each["since"]) for each in rows}
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"it has no {error}") from error


def _report(content: Any) -> SiteReport:
    stack = str(content["stack"])
    return SiteReport(
        stack=stack,
        checked=_time(content["checked"]),
        zone=_zone(content.get("timezone")),
        summary=str(content["summary"]),
        drifts=tuple(_drifts(stack, content["drifts"])),
        unknown=tuple(str(each["subject"]) for each in content["unknown"]),
    )


def _drifts(stack: str, listed: Any) -> Iterator[SiteDrift]:
    for each in listed:
        mover: Mapping[str, Any] = each.get("mover") or {}
        guid = str(each.get("vm_id") or "")
        yield SiteDrift(
            stack=stack,
            kind=str(each["kind"]),
            subject=str(each["subject"]),
            text=str(each["text"]),
            vm_id=vm_id(guid) if is_guid(guid) else None,
            host=str(each.get("host") or ""),
            who=str(mover.get("who") or ""),
            when=_when(mover),
        )


def _zone(name: Any) -> tzinfo:
    """Return a time zone by its name; UTC where there is none, as in reports of before, or none of that name is known here."""
    try:
        return UTC if name in {None, zone_name(UTC)} else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        return UTC


def _when(mover: Mapping[str, Any]) -> datetime | None:
    try:
        return _time(mover.get("when") or None)
    except (TypeError, ValueError):
        return None  # hosts do not say it, or in a way of their own


def _time(text: Any) -> datetime:
    """Raises TypeError, and ValueError where that is no time with its zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without its zone")
    return found.astimezone(UTC)
