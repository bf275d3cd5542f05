r"""Verdicts by classes of machines and hosts: for each pair what the whole preflight says of it, on drawn estates."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.model.estate import (
    Devices,
    DiskKind,
    Inventory,
    ParentFile,
    SwitchKind,
    Vector,
    VirtualMachine,
    VirtualSwitch,
    VmState,
    Volume,
)
from hyperv_placement.model.guard import Guard
from hyperv_placement.model.names import HostName
from hyperv_placement.model.options import MigrationOptions
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.stack import HostSpec, Stack, StorageSpec, VmSpec
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.choosing.verdicts import Verdicts
from tests.estates import disk, guid, host, inventory, job, machine, stack

HOSTS = ("hv1", "hv2", "hv3", "hv4", "hv5", "hv6")
MACHINES = 40
NO_YES, YES_NO, NO_UNKNOWN = (False, True), (True, False), (False, None)


def drawn(seed: int) -> tuple[Stack, Inventory]:
    """Return an estate in which about every second thing that the preflight looks at is odd somewhere."""
    chance = random.Random(seed)  # noqa: S311 - an estate, no secret

    def odd(value: Any, *others: Any, one_in: int = 6) -> Any:
        return chance.choice(others) if chance.randrange(one_in) == 0 else value

    vms = [_machine(chance, odd, number) for number in range(1, MACHINES + 1)]
    hosts = []
    for name in HOSTS:
        here = [vm for vm in vms if vm.host == name]
        planned = tuple(guid(chance.randint(1, MACHINES)) for _ in range(odd(0, 2)))
        jobs = tuple(job(chance.randint(1, MACHINES), "hv2.lab.example") for _ in range(odd(0, 1, one_in=10)))
        sizes = {"capacity_bytes": odd(1000, 30) * GIB, "free_bytes": 20 * GIB}
        hosts.append(
            host(
                name, *here,
                realized=tuple(vm.id for vm in here), planned=planned, jobs=jobs,
                memory_mib=odd(65536, 4096), switches=odd(("external",), ("External",), ()),
                networks=odd(None, (VirtualSwitch(name="external", kind=chance.choice([SwitchKind.EXTERNAL, SwitchKind.PRIVATE])),)),
                volumes=tuple(Volume(path=path, **sizes) for path in odd(("D:\\", "E:\\"), ("D:\\",), ("D:\\", "E:\\VM003\\"))),
                versions=odd(("8.0", "9.0", "10.0"), ("8.0",)), processor=odd("GenuineIntel", "AuthenticAMD"),
                vectors=odd(None, (Vector(id=1, operation=2, value=chance.choice([3, 7])),)),
                full_name=odd(f"{name}.lab.example", "hv1.lab.example", one_in=12), fibre_channel=odd((), ("A",)),
                migration={"addresses": odd(("10.0.0.1",), (), ("10.9.0.1",)), "enabled": odd(*YES_NO, one_in=12)},
                numa_spanning=odd(None, *NO_YES), numa_free_mib=odd(None, (2048, 2048)), build=odd(20348, 14393),
                uuid_before=odd(None, "other", one_in=15), uuid="one", proven=odd((f"{name}.lab.example",), (), one_in=12),
            )
        )  # fmt: skip
    return _declared(chance, odd, vms), inventory(*hosts)


def _machine(chance: random.Random, odd: Any, number: int) -> VirtualMachine:
    name = f"VM{number:03d}"
    folder = odd("D:\\Hyper-V", "E:", "D:\\x.avhdx", "\\\\sofs\\vms", "\\\\hv2\\vms", "F:\\Hyper-V")
    home = f"{folder}\\{odd(name, 'shared', f'{name}.avhdx')}"
    disks = [
        disk(number, f"{home}\\{odd('os.vhdx', f'{name}.vhdx', 'os.avhdx')}", size_bytes=odd(1, 50) * GIB)
    ]
    if chance.random() < 0.3:
        disks.append(
            disk(number, f"{home}\\{odd('b', 'sub')}\\os.vhdx", "scsi-0-1", **odd({}, {"shared": True}))
        )
    if chance.random() < 0.2:
        disks.append(disk(number, f"{odd('D:', 'G:')}\\iso\\x.iso", "scsi-0-2", kind=DiskKind.ISO))
    if chance.random() < 0.15:
        parent = f"D:\\{odd('base', name)}\\base.vhdx"
        disks[0] = replace(
            disks[0], parent_path=parent, above=odd((), (ParentFile(path=parent, size_bytes=GIB),))
        )
    more: dict[str, Any] = {
        "memory_mib": odd(2048, 8192, None), "state": odd(VmState.RUNNING, VmState.OFF, VmState.OTHER),
        "switches": odd(("external",), ("lan",), ()), "version": odd("9.0", "11.0"), "vtpm": odd(*NO_YES),
        "vectors": odd(None, (Vector(id=1, operation=2, value=7),)), "clustered": odd(*NO_UNKNOWN, one_in=12),
        "operational_status": odd((2,), (2, 32776)), "special_checkpoints": odd(0, 1, one_in=10), "numa_nodes": odd(None, 1),
        "devices": odd(Devices(), Devices(fibre_channel=("A",)), Devices(gpu_partitions=1), None),
    }  # fmt: skip
    return machine(
        number, chance.choice(HOSTS), home, name=odd(name, "shared", one_in=15), disks=tuple(disks), **more
    )


def _declared(chance: random.Random, odd: Any, vms: list[VirtualMachine]) -> Stack:
    specs = {}
    for number, vm in enumerate(vms, start=1):
        label = f"VM{number:03d}"
        specs[label] = VmSpec(
            label=label, name=vm.name, hosts=tuple(map(HostName, HOSTS)),
            storage=odd(None, StorageSpec(config="fast", checkpoints="fast", paging="fast", all_disks="fast")),
            migration=odd(MigrationOptions(), MigrationOptions(parents="copy"), MigrationOptions(networks=("10.0.0.0/16",))),
        )  # fmt: skip
    result = stack(specs, hosts=HOSTS, guard=Guard(protected=("VM001",)))
    hosts: dict[HostName, HostSpec] = {
        name: replace(
            each, allow_vtpm=odd(*NO_YES), storage=odd({"fast": "E:\\Fast"}, {"fast": "D:\\VM002"}),
            reserve=odd(Reserve(), Reserve(memory_mib=62000)),
        )
        for name, each in result.hosts.items()
    }  # fmt: skip
    return replace(
        result, hosts=hosts, path=Path("stacks/test.yaml"), wait_for_activity=chance.choice([0, 600])
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_class_says_what_the_preflight_says_of_each_pair(seed: int) -> None:
    """Every machine, every host; and both answers are among them, so that the comparison is one."""
    declared, seen = drawn(seed)
    found = {
        f"VM{number:03d}": vm for number, vm in enumerate(sorted(seen.vms(), key=lambda vm: vm.id), start=1)
    }
    facts = {name: each.facts for name, each in seen.hosts.items()}
    verdicts = Verdicts(declared, seen, found, facts)
    answers = set()
    for label, vm in found.items():
        for name in seen.hosts:
            whole = name == vm.host or (label != "VM001" and verdicts.asked(label, name))
            assert verdicts.suits(label, name) == whole, (label, name)
            answers.add(whole)
    assert answers == {True, False}


def test_alike_machines_are_one_class() -> None:
    """Their names, sizes, GUIDs and folders apart, and hosts apart from their names: asked once, and not for each pair."""

    class Counting(Verdicts):
        asked_for = 0

        def asked(self, label: str, name: HostName) -> bool:
            self.asked_for += 1
            return super().asked(label, name)

    vms = [machine(number, "hv1", memory_mib=1024 * number) for number in range(1, 9)]
    seen = inventory(host("hv1", *vms), *(host(name) for name in HOSTS[1:]))
    labels = {vm.name: vm for vm in vms}
    declared = stack({label: VmSpec(label=label, name=label) for label in labels}, hosts=HOSTS)
    verdicts = Counting(declared, seen, labels, {name: each.facts for name, each in seen.hosts.items()})
    assert all(verdicts.suits(label, HostName(name)) for label in labels for name in HOSTS)
    assert verdicts.asked_for == 1
