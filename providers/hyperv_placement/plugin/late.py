"""What answers for our resources, loaded with the first call that is of one: more than half of a start.

The engine starts two plugins in a run of a stack that it knows, and asks one of them for its version alone.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Mapping

from pulumi.dynamic import ResourceProvider

from hyperv_placement.model.on_cancel import OnCancel

_alone = threading.Lock()
"""One thread loads: two that began at different modules would meet each other's unfinished ones."""
_loaded: dict[str, ResourceProvider] = {}


def providers() -> Mapping[str, ResourceProvider]:
    """Return our providers by type token."""
    with _alone:
        if not _loaded:
            gc.disable()  # nothing of it is garbage, and looking for some costs a tenth of it
            try:
                _load()
            finally:
                gc.freeze()
                gc.enable()
        return _loaded


def _load() -> None:
    from hyperv_placement.model.resource_types import FORMER  # noqa: PLC0415 - see above
    from hyperv_placement.resources import migration_delegation, migration_host, vm_placement  # noqa: PLC0415

    present: dict[str, ResourceProvider] = {
        vm_placement.TYPE: vm_placement.VmPlacement(),
        migration_host.TYPE: migration_host.MigrationHost(),
        migration_delegation.TYPE: migration_delegation.MigrationDelegation(),
    }
    _loaded.update(present | {FORMER[token]: provider for token, provider in present.items()})


def on_cancel() -> OnCancel:
    """Return what the stack file says of the first Ctrl-C; `leave` where no call has needed it yet."""
    with _alone:
        if not _loaded:
            return OnCancel.LEAVE
        from hyperv_placement.resources.fleets import fleets  # noqa: PLC0415 - see above

    return fleets().on_cancel()


def schema(version: str) -> str:
    """Return the schema of our package."""
    with _alone:
        from .package_schema import package_schema  # noqa: PLC0415 - see above

    return package_schema(version)
