"""The machines of an estate file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hyperv_placement.model.units import GIB
from lab.world.objects import DVD, FILELESS, FLOPPY, ISO, OFF, PASS_THROUGH, PAUSED, RUNNING, SAVED, VHD

from .networks import read_ports
from .nodes import Node, a_list, mib, one_of, size, text, texts, whole, yes_or_no
from .spec import DEFAULT_SWITCH, DiskSpec, RootsSpec, VmSpec
from .states import read_states

PLANNED = "planned"
_STATES = {"running": RUNNING, "off": OFF, "saved": SAVED, "paused": PAUSED, PLANNED: PLANNED}
_ROLES = {"none": 0, "primary": 1, "replica": 2}
_NO_FOLDER = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_LONGEST_FOLDER = 60
"""Characters of a machine's name in that of its folder."""
_FLOPPY_BYTES = 1_474_560
"""What a virtual floppy disk has, as a 3.5-inch one."""
_KINDS = {"vhd": VHD, "iso": ISO, "pass-through": PASS_THROUGH, "dvd": DVD, "floppy": FLOPPY}


def read_machine(label: str, node: Node) -> VmSpec:
    """Return the machine that an entry of `vms:` describes. Raises EstateError."""
    name = node.take("name", text, label)
    folder = node.take("folder", text, f"D:\\Hyper-V\\{_as_folder(name)}")
    state = node.take("state", one_of(_STATES), RUNNING)
    spec = VmSpec(
        name=name,
        host=node.need("host", text),
        folder=folder,
        id=node.take("id", text),
        **_memory(node),
        enabled_state=OFF if state == PLANNED else state,
        realized=state != PLANNED,
        planned_on=node.take("planned_on", texts, ()),
        disks=tuple(
            _disk(entry, folder, f"{node.where}.disks[{number}]")
            for number, entry in enumerate(node.take("disks", a_list, [f"{_as_folder(name)}.vhdx"]))
        ),
        checkpoints=node.take("checkpoints", texts, ()),
        replication_mode=node.take("replication", one_of(_ROLES), 0),
        clustered=node.take("clustered", yes_or_no, default=False),
        vtpm=node.take("vtpm", yes_or_no, default=False),
        **read_states(node),
        generation=node.take("generation", one_of({1: 1, 2: 2}), 2),
        switches=node.take("switches", _switches, (DEFAULT_SWITCH,)),
        **read_ports(node),
        version=node.take("version", text),
        processor_limited=node.take("processor_compatibility", yes_or_no, default=False),
        assigned_devices=node.take("assigned_devices", whole, 0),
        gpu_partitions=node.take("gpu_partitions", whole, 0),
        fibre_channel=node.take("fibre_channel", texts, ()),
        roots=_roots(node),
        com_ports=node.take("com_ports", _pipes, ()),
        scsi_controllers=node.take("scsi_controllers", whole, 0),
    )
    node.close()
    return spec


def _as_folder(name: str) -> str:
    """Return a machine's name as a folder or file can have it."""
    return _NO_FOLDER.sub("_", name)[:_LONGEST_FOLDER].rstrip(" .") or "_"


def _switches(value: Any) -> tuple[str | None, ...]:
    """Return the switch of each adapter; null is an adapter without one."""
    return tuple(None if item is None else text(item) for item in a_list(value))


def _pipes(value: Any) -> tuple[str, ...]:
    return tuple("" if item is None else text(item) for item in a_list(value))


def _roots(vm: Node) -> RootsSpec:
    node = Node(vm.take("roots", dict, {}), f"{vm.where}.roots")
    parts = ("config", "checkpoints", "paging", "guest_state")
    found = RootsSpec(**{part: node.take(part, text) for part in parts})
    node.close()
    return found


def _memory(vm: Node) -> dict[str, Any]:
    """Return a size, static, or a mapping with what it starts with, has at least, at most, and now."""
    given = vm.take("memory", lambda value: value, "4 GiB")
    if not isinstance(given, Mapping):
        given = {"startup": given}
    node = Node(given, f"{vm.where}.memory")
    startup = node.need("startup", mib)
    dynamic = len(given) > 1
    found = {
        "memory_mib": startup,
        "memory_minimum_mib": node.take("minimum", mib, startup if dynamic else None),
        "memory_maximum_mib": node.take(
            "maximum", mib, 1024 * 1024 if dynamic else None
        ),  # New-VM's own: 1 TiB
        "memory_now_mib": node.take("now", mib),
    }
    node.close()
    return found


def _disk(entry: Any, folder: str, where: str) -> DiskSpec:
    """Return a disk: a file name or path alone, or a mapping with `path`."""
    if isinstance(entry, str):
        entry = {"path": entry}
    node = Node(entry, where)
    kind = node.take("kind", one_of(_KINDS), VHD)
    path = node.take("path", text, "") if kind == DVD else node.need("path", text)
    spec = DiskSpec(
        path=path if "\\" in path or kind in FILELESS else f"{folder}\\Virtual Hard Disks\\{path}",
        size_bytes=node.take("size", size, _FLOPPY_BYTES if kind == FLOPPY else 12 * GIB),
        virtual_bytes=node.take("virtual_size", size, 127 * GIB),
        kind=kind,
        shared=node.take("shared", yes_or_no, default=False),
        parent=node.take("parent", text),
        slot=node.take("slot", text),
    )
    node.close()
    return spec
