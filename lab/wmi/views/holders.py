"""Whose device settings there are: each machine, each planned one, and each checkpoint with disks of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lab.wmi.view import View
from lab.world import LabDisk, LabVm
from lab.world.objects import IDE_CONTROLLER_ID


@dataclass(frozen=True, slots=True)
class Holder:
    """The settings that device rows belong to: a machine's own, or those of a checkpoint."""

    id: str
    """GUID in `Microsoft:<GUID>`: the machine's, or the checkpoint's own (r4sd/go-wsman)."""
    vm: LabVm
    disks: tuple[LabDisk, ...]

    @property
    def prefix(self) -> str:
        """How the InstanceIDs of its rows begin."""
        return f"Microsoft:{self.id}"

    def controller(self, disk: LabDisk) -> str:
        r"""Return a controller's InstanceID: `Microsoft:<VM>\<controller GUID>\<number>`.

        IDE controllers share one GUID and are numbered; that a SCSI controller, having its own, is number 0
        always is a guess.
        """
        number = disk.controller_number if disk.controller_id == IDE_CONTROLLER_ID else 0
        return f"{self.prefix}\\{disk.controller_id}\\{number}"

    def drive(self, disk: LabDisk) -> str:
        r"""Return a drive's InstanceID, `<controller>\<slot>\D`."""
        return f"{self.controller(disk)}\\{disk.location}\\D"

    def medium(self, disk: LabDisk) -> str:
        r"""Return a medium's InstanceID, `<controller>\<slot>\L`."""
        return f"{self.controller(disk)}\\{disk.location}\\L"


def holders_of(vm: LabVm) -> Iterator[Holder]:
    """Yield a machine's own settings, then those of its checkpoints."""
    yield Holder(vm.id, vm, tuple(vm.disks))
    for checkpoint in vm.checkpoints:
        media = [disk for disk in vm.disks if disk.slot not in {d.slot for d in checkpoint.disks}]
        yield Holder(checkpoint.id, vm, (*checkpoint.disks, *media))


def holders(view: View) -> Iterator[Holder]:
    """Yield those of all machines of the host, planned ones included."""
    for vm in (*view.host.vms(), *view.host.planned.values()):
        yield from holders_of(vm)


def templates(kind: str) -> Iterator[str]:
    r"""Yield the InstanceIDs of a class's templates, `Microsoft:Definition\<GUID>\Default` .. (go-wsman)."""
    for name in ("Default", "Minimum", "Maximum", "Increment"):
        yield f"Microsoft:Definition\\{kind}\\{name}"
