"""Where the files of a machine go back to whose run has broken off while it stood aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """Where the files of a machine belong that has stepped aside into other folders, and whose entry says nothing of files."""

    aside: str
    """Its configuration folder while it stands aside; elsewhere there is no way back."""
    config: str
    checkpoints: str
    paging: str
    disks: Mapping[str, str]
    """Slot -> full path."""
    entry: str
    """What its entry said of its place then (`planning.machine.home.fingerprint`)."""
