"""Any estate file: one list of errors, or a lab that shows all its classes and whose stack file is sound."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

from hyperv_placement.stackfile.loading import load
from hyperv_placement.wsman import encode_response
from hyperv_placement.wsman.messages import InstanceWithReference, PullResponse
from lab.estate.building import build
from lab.estate.reading import read_estate
from lab.estate.spec import EstateError
from lab.estate.stack_file import write_stack
from lab.wmi.reading import Reader
from lab.world import RunningClock, World, record
from lab.world.world import State
from tests.unit.lab.conftest import readable

ESTATES = 60
GUIDS = ("6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3", "0C9A1D9E-6A5B-4D0B-8F4C-5E5F0A1B2C3D")
UNMOUNTED = f"\\\\?\\Volume{{{GUIDS[1]}}}\\"
ODD = st.sampled_from(
    ["a:b", " A ", "A", "a", "Straße", "STRASSE", "x" * 300, "web\u200b01", "a\tb", "..", "CON", "<<", "=", "null", "A::B",
     "##[x]", "Ä" * 90, "a/b", "a\\b", "'", '"', "\U0001f5a5", "no", "*", "&x", "?", "- ", "#", "A ", "%x", "`", "\x7f"]
) | st.text(max_size=12)  # fmt: skip
FOLDERS = st.sampled_from(
    ["D:\\Hyper-V", "d:\\hyper-v\\x\\", "C:\\", "\\\\fs\\vms\\A", "\\\\FS.lab.example\\VMS\\A", "\\\\lab.example\\dfs\\vms\\A",
     "D:\\Mount\\Data\\A", f"{UNMOUNTED}A", "E:\\nowhere", "\\\\other\\share\\x", "D:x", "D:\\a:b", "D:\\x.vhdx", "D:\\NUL"]
)  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD | st.dates(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ODD, inner, max_size=2),
    max_leaves=4,
)
SIZES = st.sampled_from(["1 GiB", "512 MiB", "4.5 GiB", "4 MiB", "20 GiB"])
ODD_SIZES = SIZES | st.sampled_from(["0 B", "70 TiB", "999999 TiB"])
HOST_KEYS: dict[str, st.SearchStrategy[Any]] = {
    "memory": st.sampled_from(["64 GiB", "256 GiB", "3 GiB"]),
    "switches": ODD.map(lambda name: ["External", {"name": name, "type": "private", "bandwidth": "weight"}, "External"]),
    "computer_name": st.sampled_from(["hv1", "LONG-NAME-OF-A-HOST-BEYOND-NETBIOS", "a b", "hv2"]),
    "domain": st.sampled_from(["other.example", "x y", "", "a" * 70]),
    "dns_suffix": st.sampled_from(["dns.example", "-", "a..b"]),
    "numa": st.fixed_dictionaries({}, optional={"nodes": st.integers(0, 4), "spanning": st.booleans()}),
    "addresses": st.lists(st.sampled_from(["10.0.0.1", "fd00::1", "here"]), max_size=2),
    "migration_networks": st.lists(
        st.sampled_from(["10.0.0.0/8", "::/0", {"subnet": "fd00::/64", "metric": 3}, "10.0.0.1/8"]), max_size=2
    ),
    "clock_skew": st.integers(-4000, 4000),
    "credential_guard": st.booleans(),
    "vmm_agent": st.booleans(),
    "cluster": st.sampled_from(["c1", "../x", "C 1"]),
    "cluster_service": st.sampled_from(["not-configured", "running", "stopped", "x"]),
    "absent_form": st.sampled_from(["wmi-error", "x"]),
    "locale": st.sampled_from(["en-US", "ja-JP", "de-DE"]),
    "build": st.sampled_from(["2012R2", 2016, 2019, 2022, 2025]),
    "versions": st.lists(st.sampled_from(["5.0", "9.0", "x"]), max_size=2),
    "fibre_channel": st.lists(st.sampled_from(["A", "Ä:"]), max_size=2),
    "uuid": st.sampled_from([GUIDS[0], "x"]),
    "volumes": st.just({"C:\\": "256 GiB", "D:\\": "8 TiB", "D:\\Mount\\Data": "2 TiB", UNMOUNTED: "2 TiB"})
    | st.just({"C:\\": "256 GiB", "D:\\": {"capacity": "8 TiB", "id": GUIDS[1]}})
    | st.dictionaries(st.sampled_from(["C:", "c:\\", "D:\\", "x", UNMOUNTED, "\\\\s\\v"]), SIZES, max_size=3)
    | st.just({f"{letter}:": "2 TiB" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}),
}  # fmt: skip
DISKS = st.fixed_dictionaries(
    {
        "path": st.sampled_from(
            ["os.vhdx", "D:\\a\\os.vhdx", "x:y", "data.vhd", "..\\x.vhdx", "physical disk 1", "E:"]
        )
    },
    optional={
        "kind": st.sampled_from(["vhd", "iso", "dvd", "floppy", "pass-through"]),
        "size": SIZES,
        "virtual_size": SIZES,
        "shared": st.booleans(),
        "parent": st.sampled_from(["D:\\a\\os.vhdx", "D:\\base.vhdx", "base.vhdx"]),
        "slot": st.sampled_from(
            ["scsi-0-0", "scsi-3-63", "scsi-4-0", "ide-0-1", "ide-2-0", "floppy-0-0", "x"]
        ),
    },
)
VM_KEYS: dict[str, st.SearchStrategy[Any]] = {
    "name": ODD,
    "id": st.sampled_from(GUIDS),
    "folder": FOLDERS,
    "memory": SIZES | st.fixed_dictionaries({"startup": SIZES}, optional={"minimum": SIZES, "now": SIZES}),
    "state": st.sampled_from(["running", "off", "saved", "paused", "planned"]),
    "generation": st.sampled_from([1, 2]),
    "disks": st.lists(DISKS, max_size=6),
    "checkpoints": st.lists(ODD, max_size=2),
    "replication": st.sampled_from(["primary", "replica"]),
    "switches": st.lists(st.none() | st.just("External"), max_size=2),
    "roots": st.dictionaries(st.sampled_from(["config", "checkpoints", "paging", "guest_state"]), FOLDERS),
    "com_ports": st.lists(st.none() | st.just("\\\\.\\pipe\\x"), max_size=3),
    "scsi_controllers": st.integers(0, 5),
    "planned_on": st.sampled_from([["hv1"], ["hv2"], ["hv9"], []]),
    "heartbeat": st.sampled_from([True, False, "degraded", "lost", "x"]),
    "vlans": st.sampled_from([{"External": 20}, {"External": 5000}, {"Nowhere": 1}]),
    "sriov": st.sampled_from([["External"], ["Nowhere"]]),
    "status": st.sampled_from(["ok", "degraded", "predictive-failure", "dormant"]),
    "health": st.sampled_from(["ok", "major-failure", "critical-failure"]),
    "folders_lost": st.booleans(),
    "activity": st.sampled_from(
        ["backup", "critical-io-error", {"kind": "merge", "seconds": 5}, {"kind": "x"}]
    ),
    "vtpm": st.booleans(),
    "clustered": st.booleans(),
    "version": st.sampled_from(["8.0", "9.0", "x"]),
    "assigned_devices": st.sampled_from([0, 1, 10**9]),
    "gpu_partitions": st.sampled_from([0, 2]),
    "fibre_channel": st.sampled_from([[], ["A"]]),
}
SOUND_HOST_KEYS = {
    **HOST_KEYS,
    "memory": st.sampled_from(["64 GiB", "256 GiB"]),
    "addresses": st.sampled_from([["10.0.0.1", "fd00::1"], []]),
    "migration_networks": st.sampled_from([["10.0.0.0/8", {"subnet": "fd00::/64", "metric": 3}], []]),
    "cluster": st.just("c1"),
    "uuid": st.just(GUIDS[0]),
    "volumes": st.just({"C:": "256 GiB", "D:\\": "8 TiB", UNMOUNTED: "2 TiB"})
    | st.just({f"{letter}:": "2 TiB" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}),
    "fibre_channel": st.just(["A"]),
}
SOUND_FOLDERS = st.sampled_from(
    [
        "D:\\Hyper-V",
        "d:\\hyper-v\\x\\",
        "C:\\",
        "\\\\FS\\vms\\A",
        "\\\\lab.example\\DFS\\vms\\A",
        "D:\\x.vhdx",
        "D:\\NUL",
    ]
)
SOUND_SIZES = st.sampled_from(["1 GiB", "512 MiB", "4 MiB"])
SOUND_DISKS = st.fixed_dictionaries(
    {"path": st.sampled_from(["os.vhdx", "D:\\a\\os.vhdx", "data.vhd", "\\\\fs.lab.example\\vms\\x.vhds"])},
    optional={
        "kind": st.sampled_from(["vhd", "iso", "dvd", "pass-through"]),
        "size": SOUND_SIZES,
        "shared": st.booleans(),
        "parent": st.just("D:\\base.vhdx"),
    },
)
SOUND_VM_KEYS = {
    **VM_KEYS,
    "id": st.sampled_from(GUIDS),
    "folder": SOUND_FOLDERS,
    "memory": SOUND_SIZES | st.fixed_dictionaries({"startup": SOUND_SIZES}, optional={"now": SOUND_SIZES}),
    "disks": st.lists(SOUND_DISKS, max_size=4),
    "roots": st.dictionaries(
        st.sampled_from(["config", "checkpoints", "paging", "guest_state"]), SOUND_FOLDERS
    ),
    "com_ports": st.just([None, "\\\\.\\pipe\\x"]),
    "scsi_controllers": st.integers(0, 4),
    "planned_on": st.just([]),
    "vtpm": st.just(False),  # noqa: FBT003 - a value of the file
    "clustered": st.just(False),  # noqa: FBT003 - the same
    "assigned_devices": st.integers(0, 2),
    "fibre_channel": st.just([]),
}


@st.composite
def entries(draw: st.DrawFn, keys: dict[str, st.SearchStrategy[Any]], most: int) -> dict[str, Any]:
    """Return some of the keys with values, most of which are sound."""
    chosen = draw(st.lists(st.sampled_from(sorted(keys)), max_size=most, unique=True))
    return {key: draw(keys[key]) for key in chosen}


@st.composite
def estates(draw: st.DrawFn) -> dict[str, Any]:
    """Return an estate of few hosts and machines, at first a sound one."""
    host_keys, vm_keys = draw(st.sampled_from([(SOUND_HOST_KEYS, SOUND_VM_KEYS), (HOST_KEYS, VM_KEYS)]))
    hosts = {name: draw(entries(host_keys, 3)) for name in ("hv1", "hv2")}
    labels = draw(st.lists(ODD, max_size=4, unique=True))
    vms = {
        label: {"host": draw(st.sampled_from(["hv1", "hv2"])), **draw(entries(vm_keys, 4))}
        for label in labels
    }
    aliases = ["\\\\FS.lab.example\\vms", "\\\\lab.example\\dfs\\vms"]
    return {
        "seed": draw(st.integers(0, 3)),
        "hosts": hosts,
        "shares": {"\\\\fs\\vms": {"capacity": "4 TiB", "hosts": ["hv1", "hv2"], "aliases": aliases}},
        "vms": vms,
    }


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """Return an estate in which one value was replaced by anything."""
    found = draw(estates())
    place: Any = found
    while isinstance(place, dict) and place:
        key = draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or draw(st.booleans()):
            place[key] = draw(ANYTHING)
            break
        place = place[key]
    return found


def shown(world: World) -> int:
    """Encode every instance of every class of every host with its reference, as an enumeration does; return how many."""
    count = 0
    for host in world.hosts.values():
        reader = Reader(world, host, "hv1")
        for each in readable(host):
            rows = list(reader.rows(each))
            references = [each.reference(row) for row in rows]
            assert len({str(reference) for reference in references}) == len(rows), each.name
            items = tuple(map(InstanceWithReference, rows, references))
            encode_response(PullResponse(items=items, end=True), relates_to="1", message_id="2")
            count += len(rows)
    return count


def made(path: Path, home: Path) -> World | str:
    """Return the world that an estate file describes, or why it is refused."""
    try:
        spec = read_estate(path)
        ports = {host.name: 20000 + number for number, host in enumerate(spec.hosts)}
        return build(spec, home, RunningClock(), ports=ports)
    except EstateError as error:
        return str(error)


def refused(content: str) -> bool:
    """Say whether an estate file is refused; what is not is built, shown, kept, and declared."""
    with tempfile.TemporaryDirectory() as folder:
        path, home, stack = (Path(folder) / name for name in ("estate.yaml", "lab", "stack.yaml"))
        path.write_text(content, encoding="utf-8")
        world = made(path, home)
        if isinstance(world, str):
            assert world.strip()
            assert not home.exists()
            return True
        assert shown(world) > 0
        assert record.read(home / "world.json", State) == world.state
        write_stack(stack, home, world.state)
        (home / "credentials.yaml").touch(mode=0o600)
        declared = load(stack).vms.values()
        assert len(declared) == len({vm.id for vm in world.vms()})
        assert {vm.id or vm.name for vm in declared} <= {
            each for vm in world.vms() for each in (vm.id, vm.name)
        }
    return False


@settings(max_examples=ESTATES)
@given(estates() | damaged())
def test_any_estate_is_refused_in_words_or_built_whole(estate: Any) -> None:
    """No traceback, whatever the names, paths, sizes and damages."""
    event("refused" if refused(yaml.safe_dump(estate, allow_unicode=True)) else "built")


@settings(max_examples=ESTATES)
@given(st.text(max_size=60) | st.text("&*!{}[]:,-?|>%@`\"' \n\tabc0.~<=#", max_size=40))
def test_any_text_is_refused_in_words(text: str) -> None:
    """No YAML, well-formed or not, ends in a traceback."""
    refused(text.replace("\r", "\n"))
