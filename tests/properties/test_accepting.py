"""Accepting drift of any machine of an entry in any form: afterwards there is none."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.model.estate import Inventory, Roots, VirtualMachine
from hyperv_placement.model.names import HostName
from hyperv_placement.operations.accept import accept
from hyperv_placement.operations.drift import Found
from hyperv_placement.planning.drift import DriftKind, Readings, drift_of
from hyperv_placement.planning.plan import plan
from hyperv_placement.stackfile import load
from tests.estates import disk, host, inventory, machine

NOW = datetime(2026, 12, 1, tzinfo=UTC)
HOSTS = {
    "hv1": {"address": "hv1", "storage": {"fast": "D:\\Fast", "bulk": "E:\\Bulk"}},
    "hv2": {"address": "hv2", "storage": {"fast": "D:\\Fast"}},
    "hv3": {"address": "hv3"},
}
FOLDERS = ("D:\\Fast\\VM001", "E:\\Bulk\\VM001", "D:\\Fast", "E:\\x y", "\\\\sofs\\vms\\it's {odd}, too")
folders = st.sampled_from(FOLDERS)
files = st.builds(
    lambda folder, sub: folder + sub, folders, st.sampled_from(("", "\\Virtual Hard Disks", "\\a"))
)
locations = st.one_of(folders, st.just("fast"))
disk_maps = st.dictionaries(
    st.sampled_from(("os.vhdx", "SCSI 0:1")),
    st.one_of(locations, st.builds(lambda at: {"path": at, "overwrite": False}, locations)),
    min_size=1,
)
parts = st.fixed_dictionaries(
    {},
    optional={
        "folder": locations, "config": locations, "checkpoints": locations, "paging": locations,
        "disks": st.one_of(locations, disk_maps), "layout": st.sampled_from(("flat", "hyper-v")),
    },
).filter(lambda made: bool(made.keys() - {"layout"}))  # fmt: skip
entries = st.fixed_dictionaries(
    {"host": st.one_of(st.sampled_from(("hv1", "hv2")), st.just(["hv1", "hv2"]))},
    optional={"storage": st.one_of(locations, parts)},
)


@st.composite
def machines(draw: st.DrawFn) -> VirtualMachine:
    """Return VM001 anywhere, its files all over the place."""
    os_file, data = draw(files), draw(files)
    return machine(
        1, draw(st.sampled_from(("hv1", "hv2", "hv3"))),
        roots=Roots(config=draw(folders), checkpoints=draw(folders), paging=draw(folders)),
        disks=(disk(1, f"{os_file}\\os.vhdx"), disk(1, f"{data}\\data.vhdx", slot="scsi-0-1")),
    )  # fmt: skip


def _seen(vm: VirtualMachine) -> Inventory:
    return inventory(*(host(name, *([vm] if vm.host == name else [])) for name in HOSTS))


def _yaml(entry: dict[str, Any], *, block: bool) -> str:
    """Return an entry in one line, or with a line for each of its keys: JSON is YAML."""
    if not block:
        return f"  VM001: {json.dumps(entry)}   # mine\n"
    lines = ["  VM001:\n"]
    for key, value in entry.items():
        if isinstance(value, dict):
            lines += [
                f"    {key}:\n",
                *(f"      {each}: {json.dumps(own)}   # mine\n" for each, own in value.items()),
            ]
        else:
            lines.append(f"    {key}: {json.dumps(value)}   # mine\n")
    return "".join(lines)


@given(entries, machines(), st.booleans())
def test_what_is_accepted_is_in_place(entry: dict[str, Any], vm: VirtualMachine, block: bool) -> None:
    """Whatever was declared, and wherever it is; other lines are as they were, and every comment is there."""
    other = "  VM002:   {   }   # not mine\n"
    text = f"# top\nhosts: {json.dumps(HOSTS)}\nvms:\n{_yaml(entry, block=block)}{other}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lab.yaml"
        path.write_text(text, encoding="utf-8")
        stack, seen = load(path), _seen(vm)
        made = plan(stack, seen)
        report = drift_of(stack, seen, made, Readings(now=NOW))
        drifted = [drift for drift in report.drifts if drift.subject == "VM001"]
        done = accept(stack, Found(report=report, inventory=seen, plan=made), ())
        assert done.labels == tuple(drift.subject for drift in drifted)
        after, new = load(path), path.read_text(encoding="utf-8")
        left = drift_of(after, seen, plan(after, seen), Readings(now=NOW)).drifts
        assert {drift.kind for drift in left} <= {DriftKind.MISSING}
        assert new.count("# mine") == text.count("# mine")
        assert new.startswith(f"# top\nhosts: {json.dumps(HOSTS)}\nvms:\n")
        assert new.endswith(other)
        assert after.vms["VM001"].hosts[-1] == vm.host or vm.host in after.vms["VM001"].hosts
        assert HostName(vm.host) in after.vms["VM001"].hosts
