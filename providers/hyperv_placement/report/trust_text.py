"""Changes of trust in one line, as rows of a table, and as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from hyperv_placement.planning.trust.model import Aspect, Trust, TrustChange

_FEW = 4
"""Subjects, or keys of one, that a line names before it counts the rest."""
_SAYS = {
    Aspect.PASSWORDS: "Changes where or how passwords are sent",
    Aspect.TRUST: "changes who is trusted",
    Aspect.GUARD: "loosens the guard",
}
UNREAD = "Whether it changes where or how passwords are sent is not known"


def trust_line(trust: Trust | None) -> str:
    """Return what stands first in a review, before any plan; empty where nothing changes, or nothing was compared."""
    if trust is None:
        return ""
    parts = [] if trust.unread is None else [f"{UNREAD}: {trust.unread}"]
    for aspect in Aspect:
        stopping = [change for change in trust.changes if change.aspect == aspect and change.stops]
        if stopping:
            parts.append(f"{_SAYS[aspect]}: {_few(_grouped(stopping))}")
    if listed := [change for change in trust.changes if not change.stops]:
        parts.append(f"within the policy: {_few(_grouped(listed))}")
    line = "; ".join(parts)
    # Not capitalize(), which makes the rest lower case: names of hosts stand in it.
    return line[:1].upper() + line[1:]


def _grouped(changes: Iterable[TrustChange]) -> Iterator[str]:
    """Yield each subject with its keys: `hv3 (address, auth)`; what is said once for many, as one."""
    reported: dict[tuple[str, bool], list[str]] = {}
    """By whom, or by what is new: a host or a file server, which has no keys before."""
    for change in changes:
        if change.subjects and change.name.startswith("new "):
            reported.setdefault((change.name, True), []).extend(change.subjects)
        else:
            reported.setdefault((subject(change), False), []).append(change.name)
    for (whom, new), names in reported.items():
        named = list(dict.fromkeys(names))
        if new:
            yield f"{whom}{'s' if len(named) > 1 else ''} {_few(named, ' and ')}"
        elif not whom:
            yield from named
        else:
            yield f"{whom} ({_few(named)})"


def _few(names: Iterable[str], last: str = ", ") -> str:
    whole = list(names)
    if len(whole) <= _FEW:
        return last.join(whole) if len(whole) == 2 else ", ".join(whole)  # noqa: PLR2004
    return f"{', '.join(whole[:_FEW])} and {len(whole) - _FEW} more"


def subject(change: TrustChange) -> str:
    """Return whom a change is about: `hv3`, `all 200 hosts`; empty for a section of the file."""
    if change.everywhere:
        return f"all {len(change.subjects)} hosts"
    return _few(change.subjects, " and ")


def trust_rows(trust: Trust) -> Iterator[tuple[str, str, str, str]]:
    """Yield a row for each change: of whom, the key, before and after."""
    for change in trust.changes:
        yield (
            subject(change) or "the file",
            f"{change.name}{'' if change.stops else ' (within the policy)'}",
            change.before or "not declared",
            change.after or "not declared",
        )


def trust_lines(trust: Trust) -> Iterator[str]:
    """Yield the lines of a terminal: all in one first, then each change, and what was not compared."""
    first = trust_line(trust)
    if first:
        yield first
    yield from (f"    {whom}: {key}: {before} -> {after}" for whom, key, before, after in trust_rows(trust))
    yield from (f"    {note}" for note in trust.notes)


def trust_record(trust: Trust | None) -> dict[str, Any] | None:
    """Return it as plain values; null where nothing was compared.

    stops      whether somebody has to agree: exit code 5
    unread     why it is not known what changes, else null
    changes    [{aspect (passwords, trust, guard), subjects [hosts or machines; empty: the file], name, before, after (null:
               not declared), stops (false: a new host that the policy permits)}]
    notes      what was not compared
    """
    if trust is None:
        return None
    return {
        "stops": trust.stops,
        "unread": trust.unread,
        "changes": [
            {
                "aspect": each.aspect.value,
                "subjects": list(each.subjects),
                "name": each.name,
                "before": each.before,
                "after": each.after,
                "stops": each.stops,
            }
            for each in trust.changes
        ],
        "notes": list(trust.notes),
    }
