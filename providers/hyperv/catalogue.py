"""Codes that migrations are known to fail with: what they mean and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """A row of the catalogue."""

    meaning: str
    remedy: str
    """`{source}` and `{destination}` stand for the hosts' full names."""
    source: str


_DELEGATION = (
    "Trust the computer account of {source} to delegate to cifs/{destination} and"
    " Microsoft Virtual System Migration Service/{destination}, with any authentication protocol, and the other way"
    " round; after a change it can take 15 minutes (klist purge -li 0x3e7 on the source). Accounts of auth: basic and"
    " certificate are the host's own: no other host takes them"
)
_PAGE = "Microsoft Learn, Set up hosts for live migration without Failover Clustering"
_TROUBLE = "Microsoft Learn, Troubleshoot live migration issues"
CATALOGUE = {
    0x8009030E: Known("no credentials for the second hop", _DELEGATION, _PAGE),
    0x8009030D: Known("the credentials for the second hop were not recognised", _DELEGATION, _TROUBLE),
    0x80090322: Known(
        "the target's name is not the one that was asked for",
        "Check the service principal names of {destination}, and that migration networks reach the right host",
        _TROUBLE,
    ),
    0x80070569: Known(
        "logon type not granted",
        "Give NT VIRTUAL MACHINE\\Virtual Machines the right to log on as a service on {destination}",
        "Microsoft Support, KB 2779204",
    ),
    0x8007274C: Known("no connection in time", "Open TCP 6600 on {destination}", _TROUBLE),
    0x8007274D: Known("connection refused", "Open TCP 6600 on {destination}; is its migration service up?", _TROUBLE),
    0x80070005: Known(
        "access denied",
        "Check the permissions of the folder or share, delegation of cifs, and membership in Hyper-V Administrators",
        _TROUBLE,
    ),
    0x8007000E: Known("not enough memory", "Free memory on {destination}", _TROUBLE),
    0x800705AA: Known("not enough resources", "Free memory on {destination}", _TROUBLE),
    0x80070070: Known("disk full", "Free space on the destination volume of {destination}", "winerror.h"),
    0xC03A0014: Known(
        "an attached file cannot be opened there",
        "Eject the ISO of the machine, or put it where {destination} sees it",
        _TROUBLE,
    ),
}  # fmt: skip
UNKNOWN_REMEDY = "See the event logs Hyper-V-VMMS-Admin on both hosts"
_CODE = re.compile(r"0x([0-9A-Fa-f]{8})")


_LIMIT = re.compile(r"migration limit '\d+' was reached")
"""As events 21501 and its storage twin word it in English; no code travels with it (SupportArticles-docs)."""


def lost_a_slot(text: str) -> bool:
    """Say whether a job failed because a host's limit was reached, which waiting cures.

    A host of another language words it otherwise: then the move fails, and the next run starts it again.
    """
    return _LIMIT.search(text) is not None


def codes_in(texts: Iterable[str]) -> tuple[int, ...]:
    """Return the HRESULTs in the hosts' texts, in order: texts are localised, codes are not."""
    found = (int(match, 16) for text in texts for match in _CODE.findall(text))
    return tuple(dict.fromkeys(found))


def remedy_for(codes: Iterable[int], *, source: str, destination: str) -> str:
    """Return what to do about the first code that the catalogue knows."""
    known = next((CATALOGUE[code] for code in codes if code in CATALOGUE), None)
    remedy = known.remedy if known else UNKNOWN_REMEDY
    return remedy.replace("{source}", source).replace("{destination}", destination)
