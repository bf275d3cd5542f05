"""What an estate file can say of hosts, shares and machines, as the world then has it and as hosts show it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from hyperv_placement.stackfile import load
from hyperv_placement.wsman import Instance
from lab.estate.checking import check
from lab.estate.generated import generate
from lab.estate.reading import read_estate
from lab.estate.spec import EstateError, EstateSpec
from lab.estate.stack_file import write_stack
from lab.home import certificates
from lab.wmi import coded
from lab.wmi.classes import class_named
from lab.wmi.reading import Reader
from lab.wmi.texts import ENGLISH, spoken, texts_of
from lab.world import texts as vmms

from .conftest import Stage, readable
from .test_estate_files import EXAMPLE

Make = Callable[[EstateSpec], Stage]
BOMB = "\n".join(
    [
        "x0: &x0 [a, a]",
        *(f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}]" for n in range(1, 60)),
        "hosts: {hv1: {memory: *x59}}",
    ]
)
"""A list of 2 ** 60 texts, in little space."""
GUID = "0C9A1D9E-6A5B-4D0B-8F4C-5E5F0A1B2C3D"


@pytest.fixture
def built(stage: Make, tmp_path: Path) -> Callable[[str], Stage]:
    """Return what builds the estate that a YAML text describes."""

    def build(text: str) -> Stage:
        path = tmp_path / "estate.yaml"
        path.write_text(text, encoding="utf-8")
        return stage(read_estate(path))

    return build


def rows(here: Stage, host: str, class_name: str) -> list[Instance]:
    """Return the instances of a class that a host shows."""
    found = class_named("root/virtualization/v2", class_name)
    assert found is not None
    return list(Reader(here.world, here.world.hosts[host], "hv1").rows(found))


def test_a_host_has_the_addresses_networks_and_services_that_its_entry_names(
    built: Callable[[str], Stage],
) -> None:
    """IPv6 alone, none at all, a clock that is ahead, Credential Guard, the agent of VMM."""
    here = built(
        """
hosts:
  hv1: {addresses: ['fd00:10::33'], migration_networks: ['fd00:10::/64', {subnet: 10.0.0.0/8, metric: 5}]}
  hv2: {addresses: [], migration_networks: []}
  hv3: {clock_skew: -3600, credential_guard: true, vmm_agent: true, credssp: false, compression: false, smb: true}
  hv4: {}
"""
    )
    one, two, three, four = here.world.hosts.values()
    assert one.listening == ["fd00:10::33"]
    assert [(each.subnet, each.prefix, each.metric) for each in one.networks] == [
        ("fd00:10::", 64, 0),
        ("10.0.0.0", 8, 5),
    ]
    assert (two.addresses, two.networks, two.listening) == ([], [], [])
    assert (three.clock_skew, three.credential_guard, three.vmm_agent) == (-3600, True, True)
    assert (three.credssp, three.compression, three.smb) == (False, False, True)
    assert four.listening == ["10.0.0.14"]


def test_a_machine_has_roots_ports_and_controllers_of_its_own(built: Callable[[str], Stage]) -> None:
    """Each root where it is declared, in its own spelling; an adapter without a switch; controllers without a drive."""
    here = built(
        r"""
hosts: {hv1: , hv2: {build: 2012R2}}
vms:
  A:
    host: hv1
    roots: {checkpoints: 'E:\s', paging: 'C:\p', guest_state: 'D:\HYPER-V\a\'}
    switches: [External, null]
    com_ports: [null, '\\.\pipe\debug']
    scsi_controllers: 3
    disks: [os.vhdx, {path: x.vhdx, slot: scsi-2-5}]
  B: {host: hv2, com_ports: ['\\.\pipe\old']}
"""
    )
    vm = here.vm("A")
    assert (vm.roots.config, vm.roots.checkpoints) == ("D:\\Hyper-V\\A", "E:\\s")
    assert (vm.roots.paging, vm.roots.guest_state) == ("C:\\p", "D:\\HYPER-V\\a\\")
    assert [nic.switch for nic in vm.nics] == ["External", None]
    ports = [row for row in rows(here, "hv1", "Msvm_SerialPortSettingData") if row.get("Connection")]
    assert [row["Connection"] for row in ports] == [("",), ("\\\\.\\pipe\\debug",)]
    controllers = [
        row
        for row in rows(here, "hv1", "Msvm_ResourceAllocationSettingData")
        if row.text("ResourceSubType") == "Microsoft:Hyper-V:Synthetic SCSI Controller"
    ]
    assert len({row.text("InstanceID") for row in controllers}) == 3
    older = [
        row["Connection"]
        for row in rows(here, "hv2", "Msvm_ResourceAllocationSettingData")
        if row.get("ResourceType") == 21
    ]
    assert older == [("\\\\.\\pipe\\old",), ("",)]


def test_generation_1_has_ide_first_and_a_floppy_drive(built: Callable[[str], Stage]) -> None:
    """Four places on IDE, then SCSI; an image in the floppy drive has a row of its own."""
    here = built(
        r"""
hosts: {hv1: }
vms:
  OLD:
    host: hv1
    generation: 1
    disks: [a.vhd, {kind: dvd}, b.vhd, c.vhd, d.vhd, {path: 'D:\x.vfd', kind: floppy}]
"""
    )
    vm = here.vm("OLD")
    assert [disk.slot for disk in vm.disks] == [
        "ide-0-0", "ide-0-1", "ide-1-0", "ide-1-1", "scsi-0-0", "floppy-0-0",
    ]  # fmt: skip
    assert vm.roots.guest_state is None
    [image] = [
        row
        for row in rows(here, "hv1", "Msvm_StorageAllocationSettingData")
        if row.text("ResourceSubType") == "Microsoft:Hyper-V:Virtual Floppy Disk"
    ]
    drives = [row.text("InstanceID") for row in rows(here, "hv1", "Msvm_ResourceAllocationSettingData")]
    assert image.text("InstanceID").removesuffix("L") + "D" in drives
    assert here.real(vm, "D:\\x.vfd").is_file()


def test_one_place_by_several_names_is_one_place(built: Callable[[str], Stage]) -> None:
    """A share by its server's other name and by a DFS folder, a volume by its GUID: one file, and its room counted once."""
    here = built(
        rf"""
hosts:
  hv1:
    volumes: {{'D:\': {{capacity: 2 TiB, id: {GUID}}}, '\\?\Volume{{{GUID[::-1].translate(str.maketrans("", "", "-"))[:8]}-0000-4000-8000-000000000001}}\': 1 TiB}}
  hv2:
shares:
  '\\sofs.lab.example\vms': {{capacity: 100 GiB, hosts: [hv1, hv2], aliases: ['\\SOFS\vms', '\\lab.example\dfs\vms']}}
vms:
  A: {{host: hv1, folder: '\\lab.example\DFS\vms\A', disks: [{{path: os.vhdx, size: 10 GiB}}]}}
  B: {{host: hv2, state: off, folder: '\\sofs\vms\A', disks: [{{path: os.vhdx, size: 10 GiB}}]}}
  C: {{host: hv1, folder: '\\?\Volume{{{GUID}}}\C'}}
"""
    )
    a, b, c = here.vm("A"), here.vm("B"), here.vm("C")
    assert here.real(a, a.disks[0].path) == here.real(b, b.disks[0].path)
    assert here.world.volume_free("hv1", "\\\\sofs.lab.example\\vms\\x") == 90 * 2**30
    assert here.real(c, c.disks[0].path) == here.real(c, "d:\\C\\Virtual Hard Disks\\C.vhdx")
    assert here.world.volume_free("hv1", "D:\\") == 2 * 2**40 - 12 * 2**30


def test_machines_of_one_name_have_guids_and_disks_of_their_own(built: Callable[[str], Stage]) -> None:
    """And the first of the name has those that it has alone."""
    twins = built("hosts: {hv1: }\nvms: {a: {name: A, host: hv1}, b: {name: A, host: hv1, folder: 'D:\\b'}}")
    first, second = twins.world.vms()
    assert first.id != second.id
    assert not {disk.disk_id for disk in first.disks} & {disk.disk_id for disk in second.disks}
    alone = built("hosts: {hv1: }\nvms: {A: {host: hv1}}").vm("A")
    assert (alone.id, alone.disks[0].disk_id) == (first.id, first.disks[0].disk_id)


def test_what_a_migration_left_is_a_planned_machine(built: Callable[[str], Stage]) -> None:
    """Beside its machine on another host, or alone."""
    here = built(
        "hosts: {hv1: , hv2: }\nvms: {A: {host: hv1, planned_on: [hv2]}, B: {host: hv2, state: planned}}"
    )
    one, two = here.world.hosts["hv1"], here.world.hosts["hv2"]
    assert [vm.name for vm in one.vms()] == ["A"]
    assert not two.vms()
    assert {(vm.name, vm.host) for vm in two.planned.values()} == {("A", "hv2"), ("B", "hv2")}
    assert next(iter(one.realized)) in two.planned


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hosts: {hv1: {addresses: [here]}}", "hosts.hv1.addresses: 'here' is no IP address"),
        ("hosts: {hv1: {migration_networks: [10.0.0.1/8]}}", "hosts.hv1.migration_networks: 10.0.0.1/8 has host bits"),
        ("hosts: {hv1: {migration_networks: [{metric: 1}]}}", "migration_networks[0]: subnet is missing"),
        ("hosts: {hv1: {clock_skew: 1 h}}", "hosts.hv1.clock_skew: '1 h' is no whole number of seconds"),
        ("hosts: {hv1: {max_live: 4294967296}}", "hosts.hv1.max_live: 4294967296 is more than 2147483647"),
        ("hosts: {hv1: {cluster: ../x}}", "hosts.hv1.cluster: a cluster's name has"),
        ("hosts: {hv1: {volumes: {'d:': 1 GiB, 'D:\\': 1 GiB}}}", "hosts.hv1.volumes: 'D:\\' is there twice"),
        ("hosts: {hv1: {volumes: {'D:\\..\\x': 1 GiB}}}", "'..' is no name of a file or folder"),
        ("hosts: {HV1: , hv1: }", "hosts.hv1: a host of this name is there already"),
        ("domain: a b\nhosts: {hv1: }", "domain: 'a b' is no domain"),
        ("hosts: {hv1: }\nshares: {'\\\\s\\v': {hosts: []}}", "shares.\\\\s\\v.hosts: name the hosts"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, folder: 'D:\\a:b'}}", "'a:b' is no name of a file or folder"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, generation: 2, disks: [{path: 'D:\\x.vfd', kind: floppy}]}}", "only generation 1"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, disks: [{path: a, slot: ide-0-0}]}}", "of generation 2 has the slot 'ide-0-0'"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, generation: 1, disks: [{path: a, slot: ide-2-0}]}}", "of generation 1 has the slot 'ide-2-0'"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, disks: [{path: a, slot: scsi-0-0}, {path: b, slot: scsi-0-0}]}}", "a slot is taken twice"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, planned_on: [hv1]}}", "vms.A.planned_on: 'hv1' is no other host"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, com_ports: [a, b, c]}}", "vms.A.com_ports: a machine has 2"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, assigned_devices: 100}}", "vms.A.assigned_devices: 100 are more than 64"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, name: \"a\\u0001\"}}", "no message of a host can hold"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1}, A: {host: hv1}}", "'A' is there twice, again on line 2"),
        ("hosts: {hv1: }\nvms: {no: {host: hv1}}", "estate.vms: False is no text; write a name in quotes"),
        ("hosts: {hv1: {cluster: 2026-99-99}}", "a value is not what its form or tag says"),
        ("hosts: &x [*x]", "estate.hosts: a mapping is wanted here, not [[[["),
        ("hosts: &x {hv1: *x}", "hosts.hv1: unknown 'hv1'"),
        (BOMB, "hosts.hv1.memory: [[[[...]"),
        ("[" * 2000, "nested too deeply"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_a_line(built: Callable[[str], Stage], text: str, words: str) -> None:
    """No traceback, and the place."""
    with pytest.raises(EstateError) as caught:
        built(text)
    assert words in str(caught.value)


def test_any_name_is_declared_so_that_check_takes_it(built: Callable[[str], Stage], tmp_path: Path) -> None:
    """What cannot be a key has its GUID as one; of a machine and its replica one is left out, and named."""
    here = built(
        f"""
hosts: {{hv1: , hv2: }}
vms:
  'a:b': {{host: hv1}}
  blanks: {{name: ' A ', host: hv1}}
  merge: {{name: '<<', host: hv1}}
  parts: {{name: 'A::B', host: hv1}}
  hidden: {{name: "web01\\u200b", host: hv1}}
  tab: {{name: "a\\tb", host: hv1}}
  Straße: {{host: hv1}}
  STRASSE: {{host: hv2}}
  device: {{name: NUL, host: hv1}}
  R: {{id: {GUID}, host: hv1, replication: primary}}
  copy: {{name: R, id: {GUID}, host: hv2, state: off, replication: replica}}
"""
    )
    path = tmp_path / "stack.yaml"
    write_stack(path, here.world.home, here.world.state)
    (here.world.home / "credentials.yaml").touch(mode=0o600)
    (here.world.home / "ca.pem").touch()
    declared = load(path).vms
    assert len(declared) == 10
    assert {vm.id for vm in declared.values() if vm.id} == {
        vm.id for vm in here.world.vms() if vm.name not in {"a:b", "NUL", "R"}
    }
    assert f"# Left out: R on hv2, whose GUID {GUID}" in path.read_text(encoding="utf-8")


def test_a_language_by_codes_alone_has_no_words() -> None:
    """Every text is another number; names, numbers and codes of a sentence stay, also of one within another."""
    german = texts_of("de-DE")
    assert german.keys() == ENGLISH.keys()
    assert len(set(german.values())) == len(german)
    assert all(re.fullmatch(r"\[de\] \d+", text) for text in german.values())
    said = spoken(vmms.connection("hv2", vmms.NO_CREDENTIALS), "de-DE")
    assert re.fullmatch(r"\[de\] \d+ 'hv2' \[de\] \d+ 0x8009030E", said)
    assert re.fullmatch(r"\[de\] \d+ 'Web' \(33012\)", spoken(vmms.missing_switch("Web"), "de-DE"))
    assert re.fullmatch(r"\[de\] \d+ \(0x80004005\)", coded.coded("The operation failed. (0x80004005)", "de"))
    assert spoken("somebody's own words", "de-DE") == "somebody's own words"


def test_no_instance_of_a_host_without_words_has_any(stage: Make) -> None:
    """Captions, descriptions and states of every class: numbers, or names that somebody gave."""
    spec = read_estate(EXAMPLE)
    here = stage(replace(spec, hosts=tuple(replace(host, locale="de-DE") for host in spec.hosts)))
    said = [
        (each.name, key, text)
        for host in here.world.hosts.values()
        for each in readable(host)
        for row in Reader(here.world, host, "hv1").rows(each)
        for key in ("Caption", "Description", "DisplayName", "StatusDescriptions", "JobStatus")
        for text in (row.many(key) if isinstance(row.get(key), tuple) else (row.get(key),))
        if text and text not in (row.get("Name"), row.get("DeviceID"))
    ]
    assert len(said) > 500
    assert [each for each in said if not str(each[2]).startswith("[de] ")] == []


@pytest.mark.parametrize("hosts", [1, 32, 64])
def test_five_thousand_machines_have_room(hosts: int) -> None:
    """On their hosts and on the share, whatever number of hosts they are dealt round."""
    check(generate(hosts=hosts, vms=5000))


def test_a_host_with_a_long_full_name_has_a_certificate(tmp_path: Path) -> None:
    """A common name has 64 characters at most; a name in DNS may have more."""
    full = f"hv1.{'corp' * 15}.example.org"
    certificates.ensure(tmp_path, [("hv1", full)])
    [file] = (tmp_path / "certificates").glob("hv1*")
    found = x509.load_pem_x509_certificates(file.read_bytes())[0]
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert full in names.get_values_for_type(x509.DNSName)
