"""What a host's event log reports of migrations, long after the host has forgotten their jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from hyperv_placement.model.names import VmId, vm_id
from hyperv_placement.winrm.client import Client

CHANNEL = "Microsoft-Windows-Hyper-V-VMMS-Admin"
MOVED = (20415, 20417, 20418)
"""A live migration has succeeded, the first two with its blackout (SupportArticles on Hyper-V live migration)."""
_DAYS = 7
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def query() -> str:
    """Return the query for migrations of the last days (XPath of event logs: win32, "Event Selection")."""
    ids = " or ".join(f"EventID={each}" for each in MOVED)
    select = f"*[System[({ids}) and TimeCreated[timediff(@SystemTime) &lt;= {_DAYS * 86_400_000}]]]"
    return f'<QueryList><Query Path="{CHANNEL}"><Select>{select}</Select></Query></QueryList>'


def migrations(client: Client) -> Mapping[VmId, datetime]:
    """Return when each machine was moved last from or to this host, as far as its log shows; it does not show by whom.

    In which element an event has the machine's GUID is unverified: it is looked for in all of them, and in the text.
    Raises PlacementError where the log cannot be read: who may is unverified.
    """
    found: dict[VmId, datetime] = {}
    for event in client.events(query()):
        if event.id not in MOVED:
            continue
        for guid in {vm_id(each) for text in (*event.data, event.message) for each in _GUID.findall(text)}:
            found[guid] = max(event.time, found.get(guid, event.time))
    return found
