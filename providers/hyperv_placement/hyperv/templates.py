"""The settings of a migration as a host keeps them: what an order starts from."""

from __future__ import annotations

from hyperv_placement.winrm.client import Client
from hyperv_placement.wsman import Instance

_TEMPLATE = "Msvm_VirtualSystemMigrationSettingData"


def read_template(client: Client, kind: int) -> Instance:
    """Read the settings of a migration of `kind` as the host keeps them.

    Blank ones where it keeps none: Windows-classic-samples start from those.
    """
    templates = client.query(_TEMPLATE, where={"MigrationType": int(kind)})
    return templates[0] if templates else Instance(_TEMPLATE, {})
