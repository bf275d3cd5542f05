"""What a stack file declares, as values."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hyperv_placement.errors import StackFileError
from hyperv_placement.model.guard import Guard
from hyperv_placement.model.names import HostName
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.stack import Connection, HostSpec, Rule, StorageSpec, VmSpec
from hyperv_placement.stackfile import load

from .conftest import Findings, Load

HV1, HV2 = HostName("hv1"), HostName("hv2")
EXAMPLE = r"""
# yaml-language-server: $schema=../schemas/stack.schema.json
connection: {auth: ntlm}
hosts:
  hv1:
    address: hv1.corp.example       # or a full endpoint URL
    storage: {fast: 'D:\Hyper-V', bulk: 'E:\Hyper-V'}
    reserve: {memory: 8 GiB, disk: 10 %}
  hv2: {address: hv2.corp.example, storage: {fast: 'D:\Hyper-V'}}
vms:
  VM001: {host: hv2, storage: 'D:\Hyper-V\VM001'}      # everything in one folder
  VM002: {host: [hv1, hv2], storage: fast}             # a named root
  VM003:
    host: hv1
    storage:
      config: 'D:\Hyper-V\VM003'
      disks: {os.vhdx: 'D:\Hyper-V\VM003\os.vhdx', data.vhdx: '\\sofs\vms\VM003\data.vhdx'}
  WEB01: {}
  WEB02:
rules:
  - {apart: [WEB01, WEB02]}
  - {together: [VM001, WEB01]}
guard: {max_moves: 50, protected: [WEB02]}
"""

HOST = "hosts: {hv1: {address: hv1.corp.example, storage: {fast: 'D:\\Hyper-V'}}}\n"


def test_the_example_of_the_design_loads(load_text: Load) -> None:
    """Every section becomes the values the rest of the program speaks in."""
    stack = load_text(EXAMPLE)

    assert stack.hosts[HV1] == HostSpec(
        name=HV1,
        endpoint="https://hv1.corp.example:5986/wsman",
        connection=Connection(auth="ntlm"),
        storage={"fast": "D:\\Hyper-V", "bulk": "E:\\Hyper-V"},
        reserve=Reserve(memory_mib=8192, disk_percent=10.0),
    )
    assert list(stack.vms) == ["VM001", "VM002", "VM003", "WEB01", "WEB02"]
    assert stack.vms["VM002"] == VmSpec(
        label="VM002",
        name="VM002",
        hosts=(HV1, HV2),
        storage=StorageSpec(config="fast", checkpoints="fast", paging="fast", all_disks="fast"),
        line=12,
    )
    assert stack.vms["VM003"].storage == StorageSpec(
        config="D:\\Hyper-V\\VM003",
        disks={"os.vhdx": "D:\\Hyper-V\\VM003\\os.vhdx", "data.vhdx": "\\\\sofs\\vms\\VM003\\data.vhdx"},
    )
    assert stack.rules == (
        Rule(kind="apart", labels=("WEB01", "WEB02"), line=21),
        Rule(kind="together", labels=("VM001", "WEB01"), line=22),
    )
    assert stack.guard == Guard(max_moves=50, protected=("WEB02",))


@pytest.mark.parametrize("entry", ["", " {}", " null", " ~"])
def test_an_empty_entry_manages_nothing(load_text: Load, entry: str) -> None:
    """A machine with nothing declared is adopted and watched only."""
    vm = load_text(f"{HOST}vms:\n  VM9:{entry}\n").vms["VM9"]

    assert vm == VmSpec(label="VM9", name="VM9", line=3)


@pytest.mark.parametrize(
    ("storage", "expected"),
    [
        (
            r"'D:\VMs\a'",
            StorageSpec(
                config="D:\\VMs\\a", checkpoints="D:\\VMs\\a", paging="D:\\VMs\\a", all_disks="D:\\VMs\\a"
            ),
        ),
        ("{config: fast}", StorageSpec(config="fast")),
        ("{disks: fast}", StorageSpec(all_disks="fast")),
        (
            r"{folder: fast, paging: 'P:\', disks: {'SCSI 0:1': 'E:\x'}, layout: flat}",
            StorageSpec(
                config="fast",
                checkpoints="fast",
                paging="P:\\",
                all_disks="fast",
                disks={"SCSI 0:1": "E:\\x"},
                layout="flat",
            ),
        ),
        (
            r"{folder: fast, disks: 'E:\x', checkpoints: 'F:\c'}",
            StorageSpec(config="fast", checkpoints="F:\\c", paging="fast", all_disks="E:\\x"),
        ),
    ],
)
def test_storage_says_where_each_part_lives(load_text: Load, storage: str, expected: StorageSpec) -> None:
    """One location stands for all parts, a folder for those without a location of their own."""
    assert load_text(f"{HOST}vms: {{VM1: {{host: hv1, storage: {storage}}}}}").vms["VM1"].storage == expected


@pytest.mark.parametrize(
    "spelled",
    [
        "'D:/Hyper-V/VM1'",
        "'D:\\Hyper-V\\VM1\\'",
        "D:\\Hyper-V\\VM1",
        '"D:\\\\Hyper-V\\\\VM1"',
        "D:/Hyper-V/VM1/",
    ],
)
def test_paths_are_normalized(load_text: Load, spelled: str) -> None:
    """Slashes become backslashes and a trailing one goes; quoting is the writer's choice."""
    storage = load_text(f"{HOST}vms: {{VM1: {{storage: {spelled}}}}}").vms["VM1"].storage

    assert storage is not None
    assert storage.config == "D:\\Hyper-V\\VM1"


def test_a_host_overrides_parts_of_the_connection(load_text: Load, tmp_path: Path) -> None:
    """What a host does not say of its connection comes from the stack; files are relative to the stack file."""
    stack = load_text("""
connection: {auth: basic, ca: certs/all.pem, credentials: /etc/hyperv.yaml}
hosts:
  hv1: {address: hv1, connection: {auth: ntlm, ca: hv1.pem, proxy: "http://proxy.corp.example:3128"}}
  hv2: {address: hv2}
vms: {}
""")

    assert stack.hosts[HV1].connection == Connection(
        auth="ntlm",
        credentials=Path("/etc/hyperv.yaml"),
        ca=tmp_path / "hv1.pem",
        proxy="http://proxy.corp.example:3128",
    )
    assert stack.hosts[HV2].connection == Connection(
        auth="basic", credentials=Path("/etc/hyperv.yaml"), ca=tmp_path / "certs" / "all.pem"
    )


def test_files_are_found_from_any_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack file named relatively gives absolute files: the plugin runs in another folder."""
    path.write_text("connection: {ca: ../ca.pem}\nhosts: {hv1: {address: hv1}}\nvms: {}\n")
    monkeypatch.chdir(path.parent)

    ca = load(Path(path.name)).hosts[HV1].connection.ca

    assert ca is not None
    assert ca.is_absolute()
    assert ca.resolve() == path.parent.parent / "ca.pem"


def test_a_home_folder_is_expanded(load_text: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """~/ means the home folder, as everywhere else."""
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    stack = load_text("connection: {credentials: ~/hv.yaml}\nhosts: {hv1: {address: hv1}}\nvms: {}\n")

    assert stack.hosts[HV1].connection.credentials == tmp_path / "hv.yaml"


@pytest.mark.parametrize(
    ("reserve", "expected"),
    [
        ("{memory: 512 MiB}", Reserve(memory_mib=512)),
        ("{memory: 1.5KiB}", Reserve(memory_mib=1)),
        ("{disk: 50 GB}", Reserve(disk_bytes=50 * 1024**3)),
        ("{disk: 2.5%}", Reserve(disk_percent=2.5)),
        ("{}", Reserve()),
    ],
)
def test_what_a_host_keeps_free(load_text: Load, reserve: str, expected: Reserve) -> None:
    """Sizes are binary and rounded up to MiB for memory; a share of the disk is a percentage."""
    stack = load_text(f"hosts: {{hv1: {{address: hv1, reserve: {reserve}, allow_vtpm: yes}}}}\nvms: {{}}\n")

    assert stack.hosts[HV1].reserve == expected
    assert stack.hosts[HV1].allow_vtpm


def test_a_guid_is_a_key(load_text: Load) -> None:
    """id: takes any spelling of a GUID, name: the machine's own name."""
    vm = load_text(
        f"{HOST}vms: {{old: {{id: '{{6a1f0c5e-3d52-4a8b-9c1e-0f2b7d94e8a3}}', name: web server}}}}"
    ).vms["old"]

    assert (vm.id, vm.name) == ("6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3", "web server")


def test_line_ends_and_byte_order_marks_do_not_matter(path: Path) -> None:
    """A file written on Windows counts lines as one written elsewhere."""
    text = f"{HOST}vms:\n  VM1: {{host: hv9}}\n"
    wanted = f"{path}:3: vms.VM1.host: unknown host 'hv9' (known: hv1); did you mean 'hv1'?"
    for raw in (
        text.encode(),
        text.encode("utf-8-sig"),
        text.replace("\n", "\r\n").encode(),
        text.replace("\n", "\r").encode(),
    ):
        path.write_bytes(raw)
        with pytest.raises(StackFileError) as caught:
            load(path)
        assert str(caught.value) == wanted


def test_every_error_is_reported_at_once_by_line(findings: Findings) -> None:
    """One run lists all errors of all kinds, sorted by line, each with a way out."""
    found = findings(
        "hosts:\n"
        "  hv1: {adress: hv1}\n"
        "vms:\n"
        "\tVM1: {host: hv2, storage: \"D:\\test\"}\n"
        "\tVM1: {}\n"
        "rules: [{apart: [VM1, VM2]}]\n"
    )  # fmt: skip

    assert [line.partition(":")[0] for line in found] == ["2", "4", "4", "4", "5", "5", "6"]
    assert "did you mean 'address'?" in found[0]


def test_a_misspelt_required_key_is_one_finding(findings: Findings) -> None:
    """Who wrote adress: did not forget address:, so nobody says both."""
    found = findings("hosts: {hv1: {adress: hv1.corp.example}}\nvms: {}\n")

    assert len(found) == 1


def test_a_wrong_host_entry_is_not_blamed_on_its_machines(findings: Findings) -> None:
    """A machine on a host whose entry is wrong names a known host and maybe a known root."""
    found = findings(
        "hosts: {hv1: 7, hv2: {address: hv2, storage: 8}}\nvms: {A: {host: hv1}, B: {host: hv2, storage: x}}\n"
    )

    assert found == [
        "1: hosts.hv1: is a whole number (7), but must be a mapping of keys to values",
        "1: hosts.hv2.storage: is a whole number (8), but must be a mapping of keys to values",
    ]


def test_the_file_is_named_as_the_caller_spells_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Operators click on FILE:LINE in their terminal."""
    monkeypatch.chdir(path.parent)
    Path("lab.yaml").write_text("vms: {}\n")

    with pytest.raises(StackFileError, match=r"^lab\.yaml:1: 'hosts' is missing"):
        load(Path("lab.yaml"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A stack without a file says so, and which file was looked for."""
    with pytest.raises(StackFileError, match=r"none\.yaml: there is no such file; a stack has the name"):
        load(tmp_path / "none.yaml")


def test_a_slip_in_the_name_of_a_stack_is_seen(tmp_path: Path) -> None:
    """The near one is named, else those that are there; Pulumi's own files are none."""
    for name in ("lab.yaml", "big.yaml", "Pulumi.lab.yaml"):
        (tmp_path / name).write_text("")
    with pytest.raises(StackFileError, match=r"labb\.yaml: there is no such file; did you mean 'lab'\?"):
        load(tmp_path / "labb.yaml")
    with pytest.raises(StackFileError, match=r"a stack has the name of its file \(stacks here: big, lab\)"):
        load(tmp_path / "production.yaml")


def test_thousands_of_findings_are_counted(path: Path) -> None:
    """A terminal is left readable: a hundred lines, and how many more there are."""
    path.write_text(
        "hosts: {hv1: {address: hv1}}\nvms:\n" + "".join(f"  VM{n}: {{hosst: hv1}}\n" for n in range(3000))
    )
    with pytest.raises(StackFileError) as caught:
        load(path)
    lines = caught.value.message.splitlines()
    assert len(lines) == 101
    assert lines[-1] == f"{path}:103: and 2900 more findings from here on"


def test_what_is_no_file(tmp_path: Path) -> None:
    """A folder, or a name no system takes, is one clear line."""
    with pytest.raises(StackFileError, match=": is a folder; name the stack file itself"):
        load(tmp_path)
    with pytest.raises(StackFileError, match="y: cannot be read"):
        load(tmp_path / "x\0y")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Opening a pipe nobody writes to would hang."""
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(StackFileError, match="is not a regular file"):
        load(tmp_path / "pipe")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(path: Path) -> None:
    """A missing permission is one clear line."""
    path.write_text("x")
    path.chmod(0)

    with pytest.raises(StackFileError, match=r"yaml: cannot be read \(Permission denied\)"):
        load(path)


@pytest.mark.parametrize("entry", ["{key}: {{host: hv1}}", "'{key}': {{host: hv1}}", "A: {{{key}: hv1}}"])
def test_a_key_that_is_too_long_is_reported_as_that(path: Path, entry: str) -> None:
    """YAML's own words are of colons and commas."""
    path.write_text("hosts: {hv1: {address: hv1}}\nvms:\n  " + entry.format(key="K" * 1100) + "\n")
    with pytest.raises(StackFileError, match=r":3: a key of more than 1,024 characters, .*; shorten it"):
        load(path)


def test_a_value_of_thousands_of_digits_is_not_repeated(path: Path) -> None:
    """Its beginning and its length are enough."""
    path.write_text(
        "hosts: {hv1: {address: hv1}}\nvms: {A: {host: hv1}}\nguard: {max_moves: " + "9" * 5000 + "}\n"
    )
    with pytest.raises(
        StackFileError, match=r"guard\.max_moves: 9{60}\.\.\. \(5000 characters\) is too large"
    ):
        load(path)


def test_a_tab_after_a_colon_is_a_blank(path: Path) -> None:
    """As YAML has it; only indentation must not be of tabs."""
    path.write_text("hosts: {hv1: {address:\thv1}}\nvms:\n  A:\t{host:\thv1}\t# tab\n")
    assert load(path).vms["A"].hosts == ("hv1",)
