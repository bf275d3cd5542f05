"""Rules, the guard, and machines that get in each other's way."""

from __future__ import annotations

import pytest

from .conftest import Findings, Load

HOSTS = r"""hosts:
  hv1: {address: hv1, storage: {fast: 'D:\VMs', shared: '\\sofs\vms'}}
  hv2: {address: hv2, storage: {fast: 'D:\VMs', shared: '\\SOFS\vms'}}
  hv3: {address: hv3}
vms:
"""
ONE = "6a1f0c5e-3d52-4a8b-9c1e-0f2b7d94e8a3"
TWO = "7a1f0c5e-3d52-4a8b-9c1e-0f2b7d94e8a3"


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("  A: {}\nrules:\n  - {apart: [A, a]}\n", "8: rules[0].apart: 'a' is no label under vms; did you mean 'A'?"),
        ("  A: {}\nguard:\n  protected:\n    - DC01\n", "9: guard.protected: 'DC01' is no label under vms; add it there or remove it here"),
    ],
)  # fmt: skip
def test_labels_must_be_declared(findings: Findings, rest: str, expected: str) -> None:
    """A rule about a machine that the stack does not declare would hold nothing."""
    assert findings(HOSTS + rest) == [expected]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (
            "  A: {host: hv1}\n  B: {host: hv1}\nrules:\n  - {apart: [A, B]}\n",
            ["9: apart cannot hold: A and B both belong on hv1 (lines 6 and 7); pin one elsewhere, or drop the rule"],
        ),
        (
            "  A: {host: hv1}\n  B: {host: [hv2, hv3]}\nrules:\n  - {together: [A, B]}\n",
            ["9: together cannot hold: A (hv1), B (hv2 or hv3) share no host; allow one to all of them, or drop the rule"],
        ),
        (
            "  A: {}\n  B: {}\nrules:\n  - {together: [A, B]}\n  - {apart: [B, A]}\n",
            ["10: apart cannot hold: B and A are together by other rules; drop one of the rules"],
        ),
        (
            "  A: {}\n  B: {}\n  C: {}\nrules:\n  - {apart: [A, C]}\n  - {together: [A, B]}\n  - {together: [B, C]}\n",
            ["10: apart cannot hold: A and C are together by other rules; drop one of the rules"],
        ),
        (
            "  A: {host: hv1}\n  B: {}\n  C: {host: hv1}\nrules:\n  - {together: [A, B]}\n  - {apart: [B, C]}\n",
            ["11: apart cannot hold: B and C both belong on hv1 (lines 7 and 8); pin one elsewhere, or drop the rule"],
        ),
        (
            ("  A: {host: hv1}\n  B: {}\n  C: {host: hv2}\n  D: {host: hv3}\nrules:\n"
            "  - {together: [A, B]}\n  - {together: [B, C]}\n  - {together: [C, D]}\n"),
            ["12: together cannot hold: B (any host), C (hv2) share no host; allow one to all of them, or drop the rule"],
        ),
        (
            ("  A: {host: [hv1, hv2]}\n  B: {host: [hv2, hv3]}\n  C: {host: hv2}\nrules:\n"
            "  - {together: [A, B]}\n  - {apart: [A, C]}\n"),
            ["11: apart cannot hold: A and C both belong on hv2 (lines 6 and 8); pin one elsewhere, or drop the rule"],
        ),
    ],
)  # fmt: skip
def test_rules_that_nothing_can_keep(findings: Findings, rest: str, expected: list[str]) -> None:
    """Rules that contradict pins or each other are reported once, at the rule."""
    assert findings(HOSTS + rest) == expected


def test_rules_that_can_be_kept(load_text: Load) -> None:
    """Overlapping sets of hosts, and a rule said twice, are no contradiction."""
    stack = load_text(
        f"{HOSTS}  A: {{host: [hv1, hv2]}}\n  B: {{host: [hv1, hv2]}}\n  C: {{host: hv1}}\n  D: {{}}\n"
        "rules:\n  - {apart: [A, B]}\n  - {together: [A, C]}\n  - {together: [C, A]}\n  - {apart: [C, D]}\n"
    )

    assert [rule.kind for rule in stack.rules] == ["apart", "together", "together", "apart"]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (
            f"  A: {{id: {ONE}}}\n  B: {{id: '{{{ONE.upper()}}}'}}\n",
            ["7: vms.B: has the id of A (line 6); a GUID is one machine, correct the id or remove one entry"],
        ),
        (
            "  web: {}\n  B: {name: WEB}\n",
            ["7: vms.B: is named 'WEB' like web (line 6); give web and B an id (the GUID) so that they can be told apart"],
        ),
        (
            f"  web: {{id: {ONE}}}\n  B: {{name: web}}\n",
            ["7: vms.B: is named 'web' like web (line 6); give B an id (the GUID) so that they can be told apart"],
        ),
    ],
)  # fmt: skip
def test_two_entries_for_one_machine(findings: Findings, rest: str, expected: list[str]) -> None:
    """One GUID is one machine, and a name finds one machine only."""
    assert findings(HOSTS + rest) == expected


def test_namesakes_with_ids_are_fine(load_text: Load) -> None:
    """Hyper-V allows one name twice; GUIDs tell the machines apart."""
    stack = load_text(f"{HOSTS}  A: {{id: {ONE}, name: web}}\n  B: {{id: {TWO}, name: web}}\n")

    assert {vm.name for vm in stack.vms.values()} == {"web"}


def _disk(label: str, host: str, disk: str, location: str, more: str = "") -> str:
    host = f"host: {host}, " if host else ""
    return f"  {label}: {{{host}storage: {{disks: {{'{disk}': '{location}'}}{more}}}}}\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("A", "hv1", "a.vhdx", "D:\\x\\os.vhdx"), ("B", "hv1", "b.vhdx", "d:/X/OS.vhdx")),
        (("A", "hv1", "a.vhdx", "\\\\s\\v\\os.vhdx"), ("B", "hv2", "b.vhdx", "\\\\S\\v\\os.vhdx")),
        (("A", "", "a.vhdx", "\\\\s\\v\\os.vhdx"), ("B", "[hv1, hv2]", "b.vhdx", "\\\\s\\v\\os.vhdx")),
        (("A", "hv1", "os.vhdx", "D:\\x"), ("B", "hv1", "OS.VHDX", "D:\\X\\")),
        (("A", "hv1", "os.vhdx", "D:\\x"), ("B", "hv1", "b.vhdx", "D:\\x\\Virtual Hard Disks\\os.vhdx")),
        (("A", "hv1", "os.vhdx", "D:\\x", ", layout: flat"), ("B", "hv1", "SCSI 0:0", "D:\\x\\os.vhdx")),
        (("A", "hv1", "os.vhdx", "fast"), ("B", "hv1", "b.vhdx", "D:\\VMs\\A\\Virtual Hard Disks\\os.vhdx")),
    ],
)  # fmt: skip
def test_two_disks_that_would_become_one_file(
    findings: Findings, one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    """On a share from anywhere, on a local disk where both machines are pinned to one host."""
    found = findings(HOSTS + _disk(*one) + _disk(*other))

    assert len(found) == 1
    assert found[0].startswith(
        f"7: vms.{other[0]}.storage.disks.{other[2]}: would become the same file as {one[2]} of {one[0]} (line 6)"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("A", "hv1", "a.vhdx", "D:\\x\\os.vhdx"), ("B", "hv2", "b.vhdx", "D:\\x\\os.vhdx")),
        (("A", "hv1", "os.vhdx", "D:\\x"), ("B", "hv1", "os.vhdx", "D:\\x", ", layout: flat")),
        (("A", "hv1", "os.vhdx", "fast"), ("B", "hv1", "os.vhdx", "fast")),
        (("A", "hv1", "SCSI 0:0", "D:\\x"), ("B", "hv1", "SCSI 0:0", "D:\\x")),
        (("A", "", "a.vhdx", "D:\\x\\os.vhdx"), ("B", "", "b.vhdx", "D:\\x\\os.vhdx")),
    ],
)
def test_disks_whose_files_differ_or_are_not_known(
    load_text: Load, one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    """The same local path on different hosts is no conflict, and what only the hosts know is judged by the plan."""
    assert set(load_text(HOSTS + _disk(*one) + _disk(*other)).vms) == {"A", "B"}


def test_two_disks_of_one_machine(findings: Findings) -> None:
    """A machine's own disks are kept apart too."""
    found = findings(
        HOSTS + "  A:\n    host: hv1\n    storage:\n      disks:\n"
        "        a.vhdx: 'D:\\x\\os.vhdx'\n        b.vhdx: 'D:\\x\\os.vhdx'\n"
    )  # fmt: skip

    assert found == [
        (
            "11: vms.A.storage.disks.b.vhdx: would become the same file as a.vhdx of A (line 10); "
            "give one of them another place"
        )
    ]


def test_labels_that_are_one_folder_to_windows(findings: Findings) -> None:
    """A named root on a share gives `web` and `WEB` one folder, whatever their hosts."""
    disks = "storage: {disks: {os.vhdx: shared}}"
    found = findings(
        f"{HOSTS}  web: {{id: {ONE}, host: hv1, {disks}}}\n  WEB: {{id: {TWO}, host: hv2, {disks}}}\n"
    )

    assert len(found) == 1
    assert found[0].startswith(
        "7: vms.WEB.storage.disks.os.vhdx: would become the same file as os.vhdx of web (line 6)"
    )


def test_near_names_stay_cheap(findings: Findings) -> None:
    """Suggestions stop when they would cost more than they help; the findings all stand."""
    labels = "".join(f"  machine-{number:05d}: {{}}\n" for number in range(3000))
    named = ", ".join(f"machin-{number:05d}" for number in range(60))

    found = findings(f"{HOSTS}{labels}guard: {{protected: [{named}]}}\n")

    assert len(found) == 60
    assert "did you mean 'machine-00000'?" in found[0]
    assert found[-1].endswith("add it there or remove it here")
