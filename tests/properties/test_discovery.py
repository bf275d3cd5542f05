"""Whatever hosts show: the stack file written of it loads, means the same machines, and moves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from hyperv_placement.model.estate import Disk, DiskKind, Inventory, Roots, UnreachableHost, VirtualMachine
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Standing
from hyperv_placement.model.slots import place_of, slot_name
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.discovery.machines import Extent, draft, judged
from hyperv_placement.operations.discovery.proving import prove
from hyperv_placement.operations.discovery.scalars import path, quoted, remark
from hyperv_placement.operations.discovery.text import HostText, Preface, written
from hyperv_placement.planning.machine.computers import telling_of_others
from hyperv_placement.planning.plan import plan
from hyperv_placement.stackfile import load
from tests.estates import disk, guid, host, inventory, job, machine

HOSTS = ("hv1", "hv2", "hv3")
HOSTILE = (
    """<img src=x onerror=alert(1)>]]>&"'""", "a: b", "a #b", "#", "- x", "{x}", "<<", "yes", "0x10", "1e3", "2026-01-01",
    " blank ", "two\nlines", "tab\there", "\x85next", "\u2028line", "\u202egnp.exe", "no\xa0break", "'", '"', "\\", "%TAG",
    "仮想マシン", "web: {host: hv3}", "*a", "&a", "!x", "|", ">", "?", "CON", "a\\b", "x\n  VM9: {host: hv3}", "\U000e0001",
)  # fmt: skip
FOLDERS = (
    "D:\\Hyper-V\\{0}", "d:\\hyper-v\\{0}\\", "E:\\VMs\\{0}", "\\\\sofs\\vms\\{0}", "C:\\ClusterStorage\\Volume1\\{0}",
    "C:\\ProgramData\\Microsoft\\Windows\\Hyper-V", "D:\\{0}", "D:\\", "D:\\Hyper-V\\it's {0}", "D:\\Hyper-V\\other",
)  # fmt: skip
UNDECLARABLE = ("\\\\?\\Volume{{1}}\\{0}", "", "D:\\x.vhdx", "relative\\{0}", "D:\\ends in a dot.\\{0}")
NESTS = ("Virtual Hard Disks\\", "virtual hard disks\\", "", "Disks\\")
FILES = ("os.vhdx", "OS.VHDX", "data.vhd", "os_1.avhdx", "a b #1.vhdx", "it's.vhdx")

CONTROLLERS = tuple(
    f"{start}-0000-4000-8000-0000000000{end}"
    for start, end in (("3F2A1B2C", "01"), ("9C1E0F2B", "02"), ("3F2A1B2C", "03"))
)
"""Of a machine with several; two begin alike."""

names = st.one_of(
    st.sampled_from(HOSTILE), st.sampled_from(("VM1", "vm1", "VM2")), st.text(min_size=1, max_size=20)
)


def hung(number: int, path: str, slot: int, controller: str | None, **more: Any) -> Disk:
    """Return a disk on the single SCSI controller of VM00N, or on one of several."""
    if controller is None:
        return disk(number, path, f"scsi-0-{slot}", **more)
    place = place_of(instance := f"Microsoft:{guid(number)}\\{controller}\\0\\{slot}\\L")
    assert place is not None
    return Disk(slot=slot_name(place, CONTROLLERS), instance_id=instance, path=path, **more)


@st.composite
def machines(draw: st.DrawFn, number: int, folders: tuple[str, ...]) -> VirtualMachine:
    """Draw a machine with its files anywhere."""
    name = draw(names.filter(lambda text: "\0" not in text))
    fitting = st.sampled_from(folders).map(
        lambda folder: folder.format(name.replace("{", "").replace("}", ""))
    )
    config = draw(fitting)
    elsewhere = st.one_of(st.just(config), fitting)
    roots = Roots(config=config, checkpoints=draw(elsewhere), paging=draw(elsewhere))
    disks: list[Disk] = []
    several = draw(st.booleans())
    for slot in range(draw(st.integers(0, 3))):
        file = f"{draw(elsewhere)}\\{draw(st.sampled_from(NESTS))}{draw(st.sampled_from(FILES))}".replace(
            "\\\\", "\\"
        )
        kind = draw(st.sampled_from((*[DiskKind.VIRTUAL_HARD_DISK] * 8, *DiskKind)))
        file = f"\\{file}" if config.startswith("\\\\") else file
        shared = draw(st.integers(0, 9)) == 0
        at = draw(st.sampled_from(CONTROLLERS)) if several else None
        disks.append(hung(number, file, slot, at, kind=kind, shared=shared))
    return machine(
        draw(st.one_of(st.just(number), st.integers(1, 6))) if draw(st.booleans()) else number,
        draw(st.sampled_from(HOSTS)), name=name, roots=roots, disks=tuple(disks),
        clustered=draw(st.sampled_from((False, False, False, True, None))),
        replication_mode=draw(st.sampled_from((0, 0, 0, 0, 1, 2, 3, 4))),
        special_checkpoints=draw(st.sampled_from((0, 0, 0, 1))), vtpm=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def inventories(draw: st.DrawFn, folders: tuple[str, ...] = FOLDERS) -> Inventory:
    """Draw what three hosts show, with migrations that run there now and then."""
    vms = [draw(machines(number, folders)) for number in range(1, draw(st.integers(0, 6)) + 1)]
    jobs = (job(1, "hv2.lab.example"),) if draw(st.integers(0, 4)) == 0 else ()
    return inventory(*(host(name, *(vm for vm in vms if vm.host == name), jobs=jobs) for name in HOSTS))


def preface() -> Preface:
    """Return what stands above the machines of those hosts."""
    return Preface(
        schema="../schemas/stack.schema.json", written=date(2026, 11, 23), connection={"auth": "ntlm"},
        hosts=tuple(HostText(name=HostName(name), address=f"{name}.lab.example", connection={}) for name in HOSTS),
    )  # fmt: skip


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Stack]:
    """Return a function that loads a text as a stack file."""
    file = tmp_path_factory.mktemp("discovered") / "stack.yaml"

    def of(text: str) -> Stack:
        file.write_text(text, encoding="utf-8", newline="\n")
        return load(file)

    return of


@given(found=inventories())
def test_what_can_be_declared_needs_no_second_attempt(
    found: Inventory, loaded: Callable[[str], Stack]
) -> None:
    """The first draft loads, each entry means the machine it was written of, on its host, nothing moves, and all that is said is whose word is doubted."""
    made = draft(judged(found), {})
    stack = loaded(written(preface(), made).text)
    planned = plan(stack, found)
    assert [(step.standing, step.findings, step.vm_id) for step in planned.steps] == [
        (Standing.IN_PLACE, (), entry.vm) for entry in made.entries
    ]
    assert list(planned.findings) == list(telling_of_others(found))  # and of no entry
    assert len(made.entries) + len(made.left_out) == len(list(found.vms()))
    for entry, spec in zip(made.entries, stack.vms.values(), strict=True):
        assert spec.hosts == (() if entry.extent == Extent.WATCHED else (entry.host,))
        assert spec.storage == entry.storage


@given(found=inventories((*FOLDERS, *UNDECLARABLE)))
def test_nothing_moves_whatever_the_paths(found: Inventory, loaded: Callable[[str], Stack]) -> None:
    """A machine whose paths no stack file takes is declared with less, and says why; the others are as ever."""
    text, made = prove(preface(), judged(found), {}, [found], loaded)
    planned = plan(loaded(text.text), found)
    assert {step.standing for step in planned.steps} <= {Standing.IN_PLACE}
    assert all(entry.remark for entry in made.entries if entry.extent < Extent.STORAGE)
    assert len(made.entries) + len(made.left_out) == len(list(found.vms()))


@given(found=inventories())
def test_no_name_gets_out_of_its_place(found: Inventory) -> None:
    """A reader that knows nothing of us finds the same keys, each with the name its machine has."""
    made = draft(judged(found), {})
    read = yaml.safe_load(written(preface(), made).text)
    assert list(read) == ["guard", "connection", "hosts", "vms"]
    assert list(read["vms"]) == [entry.label.key for entry in made.entries]
    shown = {(vm.id, vm.name) for vm in found.vms()}
    for key, entry in read["vms"].items():
        of = next(each for each in made.entries if each.label.key == key)
        assert entry.get("name") == of.label.name
        assert of.label.id or (of.vm, key) in shown


@given(found=inventories())
def test_while_a_host_is_silent_each_entry_says_which_machine_it_means(
    found: Inventory, loaded: Callable[[str], Stack]
) -> None:
    """By its GUID, whatever its name; the keys are those of a whole reading, and nothing moves."""
    partial = replace(found, unreachable={HostName("hv9"): UnreachableHost(name=HostName("hv9"), reason="-")})
    text, made = prove(preface(), judged(partial), {}, [partial], loaded)
    stack = loaded(text.text)
    assert [spec.id for spec in stack.vms.values()] == [entry.vm for entry in made.entries]
    assert {step.standing for step in plan(stack, partial).steps} <= {Standing.IN_PLACE}
    whole = prove(preface(), judged(found), {}, [found], loaded)[1]
    assert [entry.label.key for entry in made.entries] == [entry.label.key for entry in whole.entries]


@given(text=st.text(min_size=1))
@example(text="\x85")
@example(text="\ufeff")
@example(text="\U000e0001")
def test_a_scalar_is_read_back_as_it_was(text: str) -> None:
    """Any text is one scalar on one line, as key and as value, in flow and block, and a text to every reader."""
    for written_ in (quoted(text), path(text)):
        assert yaml.safe_load(f"{{{written_}: {written_}}} # x") == {text: text}
        assert yaml.safe_load(f"a: {written_}") == {"a": text}
        assert written_.isprintable()


@given(text=st.text())
def test_a_remark_stays_a_comment(text: str) -> None:
    """Whatever stands in it, a comment ends with its line."""
    assert yaml.safe_load(f"a: b # {remark(text)}\nc: d") == {"a": "b", "c": "d"}
    assert remark(text).isprintable()


def test_a_guid_on_two_hosts_is_nobodys_to_choose() -> None:
    """Two realized machines with one GUID are both left out, with the reason."""
    found = inventory(host("hv1", machine(1)), host("hv2", machine(1, "hv2", name="other")))
    made = draft(judged(found), {})
    assert made.entries == ()
    assert {each.remark for each in made.left_out} == {
        f"{guid(1)} was seen 2 times: run again, or see bin/placement doctor once the file is written"
    }


def test_a_machine_on_its_way_that_no_host_shows_is_said(loaded: Callable[[str], Stack]) -> None:
    """By a job that runs, by one that has ended at a host that was not asked, or gone between two looks."""
    ended = replace(job(8, "far.example"), state=7)
    first = inventory(
        replace(host("hv1", machine(1), jobs=(job(9, "hv2\nx: y"),)), recent=(ended,)),
        host("hv2", machine(7, "hv2")),
        host("hv3"),
    )
    second = replace(first, hosts={**first.hosts, HostName("hv2"): host("hv2")})
    text, made = prove(preface(), judged(second), {}, [first, second], loaded)
    assert [each.vm for each in made.unseen] == [guid(8), guid(9), guid(7)]
    lines = [line for line in text.text.splitlines() if line.startswith("# ") and " on hv" in line]
    assert f"# {guid(8)} on hv1: was moved to far.example a few minutes ago" in lines[0]
    assert f"# {guid(9)} on hv1: is on its way to hv2" in lines[1]
    assert "# VM007 on hv2: was there at the first look" in lines[2]
    assert list(loaded(text.text).vms) == ["VM001"]


def test_a_machine_that_a_host_shows_is_not_said_to_be_nowhere(loaded: Callable[[str], Stack]) -> None:
    """Jobs of machines that are there are told beside their entries, or not at all."""
    seen = inventory(
        replace(host("hv1", machine(1), jobs=(job(1, "hv2"),)), recent=(job(2, "hv2"),)),
        host("hv2", machine(2, "hv2")),
        host("hv3"),
    )
    text, made = prove(preface(), judged(seen), {}, [seen], loaded)
    assert made.unseen == ()
    assert "Left out" not in text.text
