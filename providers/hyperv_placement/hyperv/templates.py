"""The settings of a migration as a host keeps them: what an order starts from, by the numbers of Msvm for what moves."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from hyperv_placement.model.move import Moves
from hyperv_placement.winrm.client import Client
from hyperv_placement.wsman import Instance

_TEMPLATE = "Msvm_VirtualSystemMigrationSettingData"


class MigrationType(IntEnum):
    """Msvm_VirtualSystemMigrationSettingData.MigrationType, the values that we order (win32 page of the class)."""

    VIRTUAL_SYSTEM = 32768
    STORAGE = 32769
    STAGED = 32770
    """Creates a planned system at the destination."""
    VIRTUAL_SYSTEM_AND_STORAGE = 32771


BY_MOVES: Mapping[Moves, MigrationType] = {
    Moves.HOST: MigrationType.VIRTUAL_SYSTEM,
    Moves.STORAGE: MigrationType.STORAGE,
    Moves.HOST_AND_STORAGE: MigrationType.VIRTUAL_SYSTEM_AND_STORAGE,
}
"""What moves -> how a host's migration service is asked for it."""


def read_template(client: Client, kind: int) -> Instance:
    """Read the settings of a migration of `kind` as the host keeps them.

    Blank settings where it keeps none of that kind, as Windows-classic-samples do.
    """
    templates = client.query(_TEMPLATE, where={"MigrationType": int(kind)})
    return templates[0] if templates else Instance(_TEMPLATE, {})
