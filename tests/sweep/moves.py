"""One move of each kind: the estate before it, what the stack file declares, and where everything is afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hyperv_placement.model.units import GIB
from lab.estate.generated import SHARE, generate
from lab.estate.spec import DiskSpec, EstateSpec, VmSpec, VolumeSpec
from lab.world import World

NEW = "E:\\VMs\\WEB01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A move, or the moves that make one possible."""

    estate: EstateSpec
    vms: str
    """What the stack file declares of machines, as YAML."""
    wanted: Mapping[str, tuple[str, str]]
    """Machine -> its host in the end, and how the paths of its disks begin then."""
    roots: str = ""
    """What the stack file says of each host besides."""
    orders: Mapping[str, int] = field(default_factory=dict)
    """Machine -> orders to migrate that its way takes, where that is not one."""
    staged: bool = False
    """Whether each order is preceded by one that makes a planned machine."""

    def text(self, world: World) -> str:
        """Return the stack file but for how to log on."""
        hosts = "".join(
            f"  {name}: {{address: '{host.url}'{self.roots}}}\n" for name, host in world.hosts.items()
        )
        return f"hosts:\n{hosts}vms: {self.vms}\n"


def _machine(name: str = "WEB01", host: str = "hv1", folder: str = "", **given: object) -> VmSpec:
    folder = folder or f"D:\\Hyper-V\\{name}"
    size = int(str(given.pop("gib", 8))) * GIB
    disks = (DiskSpec(path=f"{folder}\\Virtual Hard Disks\\{name}.vhdx", size_bytes=size),)
    return VmSpec(name=name, host=host, folder=folder, disks=disks, memory_mib=2048, **given)  # type: ignore[arg-type]


def _estate(*vms: VmSpec, volumes: tuple[VolumeSpec, ...] = ()) -> EstateSpec:
    plain = generate(hosts=2, vms=0)
    hosts = tuple(replace(host, volumes=volumes or host.volumes) for host in plain.hosts)
    return replace(plain, hosts=hosts, vms=vms)


_SMALL = (
    VolumeSpec(path="C:\\", capacity_bytes=256 * GIB),
    VolumeSpec(path="D:\\", capacity_bytes=100 * GIB),
    VolumeSpec(path="E:\\", capacity_bytes=200 * GIB),
)
_HOME = "D:\\Hyper-V\\WEB01\\"
KINDS: Mapping[str, Kind] = {
    "host": Kind(estate=_estate(_machine()), vms="{WEB01: {host: hv2}}", wanted={"WEB01": ("hv2", _HOME)}),
    "storage": Kind(
        estate=_estate(_machine()),
        vms=f"{{WEB01: {{host: hv1, storage: '{NEW}'}}}}",
        wanted={"WEB01": ("hv1", f"{NEW}\\")},
    ),
    "host and storage": Kind(
        estate=_estate(_machine()),
        vms=f"{{WEB01: {{host: hv2, storage: '{NEW}'}}}}",
        wanted={"WEB01": ("hv2", f"{NEW}\\")},
    ),
    "staged check": Kind(
        estate=_estate(_machine()),
        vms="{WEB01: {host: hv2, migration: {check: staged}}}",
        wanted={"WEB01": ("hv2", _HOME)},
        staged=True,
    ),
    "share": Kind(
        estate=_estate(_machine(folder=f"{SHARE}\\WEB01")),
        vms="{WEB01: {host: hv2}}",
        wanted={"WEB01": ("hv2", f"{SHARE}\\WEB01\\")},
    ),
    "checkpoint": Kind(
        estate=_estate(_machine(checkpoints=("before",))),
        vms="{WEB01: {host: hv2}}",
        wanted={"WEB01": ("hv2", _HOME)},
    ),
    "parking": Kind(
        estate=_estate(_machine("A", gib=80), _machine("B", "hv2", gib=80), volumes=_SMALL),
        vms="{A: {host: hv2, storage: 'D:\\Hyper-V\\A'}, B: {host: hv1, storage: 'D:\\Hyper-V\\B'}}",
        roots=", storage: {bulk: 'E:\\Bulk'}",
        wanted={"A": ("hv2", "D:\\Hyper-V\\A\\"), "B": ("hv1", "D:\\Hyper-V\\B\\")},
        orders={"A": 2, "B": 2},
    ),
    "parking, and back to paths that nobody declares": Kind(
        estate=_estate(_machine("A", gib=80), _machine("B", "hv2", gib=80), volumes=_SMALL),
        vms="{A: {host: hv2}, B: {host: hv1}}",
        roots=", storage: {bulk: 'E:\\Bulk'}",
        wanted={"A": ("hv2", "D:\\Hyper-V\\A\\"), "B": ("hv1", "D:\\Hyper-V\\B\\")},
        orders={"A": 2, "B": 2},
    ),
}
"""Name -> one move of it."""
