"""The section migration: what is said for all, and what a machine puts over it."""

from __future__ import annotations

import pytest

from hyperv_placement.model.names import HostName
from hyperv_placement.model.options import AS_HOSTS_ARE_SET, MigrationOptions
from hyperv_placement.model.stack import ANY_NETWORK
from tests.unit.stackfile.conftest import Findings, Load

HOST = "hosts: {hv1: {address: hv1.corp.example}}\n"


def test_a_machine_puts_its_own_over_what_is_said_for_all(load_text: Load) -> None:
    """Option by option; false is a choice, too."""
    stack = load_text(
        HOST + "migration: {transport: tcp, compression: true, cpu_cap: low, avoid_removing_vhds: true,\n"
        "  networks: [10.0.0.0/24, 'fd00:1::/64']}\n"
        "vms:\n  A:\n  B: {migration: {compression: no, cpu_cap: high, check: staged}}\n"
        "  C: {migration: {networks: [10.1.0.0/16], retain_vhd_copies_on_source: true,\n"
        "    cancel_if_blackout_threshold_exceeded: true, parents: copy}}\n"
    )
    everywhere = MigrationOptions(
        transport="tcp",
        compression=True,
        cpu_cap="low",
        avoid_removing_vhds=True,
        networks=("10.0.0.0/24", "fd00:1::/64"),
    )
    assert stack.vms["A"].migration == everywhere
    assert stack.vms["B"].migration == MigrationOptions(
        compression=False, cpu_cap="high", check="staged"
    ).over(everywhere)
    assert stack.vms["B"].migration.compression is False
    assert stack.vms["C"].migration.networks == ("10.1.0.0/16",)
    assert stack.vms["C"].migration.parents == "copy"


def test_without_the_section_all_is_as_the_hosts_are_set(load_text: Load) -> None:
    """Nothing is chosen for anybody."""
    assert load_text(HOST + "vms: {A: {host: hv1}}").vms["A"].migration == AS_HOSTS_ARE_SET


def test_a_disk_may_be_named_with_overwrite(load_text: Load) -> None:
    """Beside its location, for this disk alone."""
    vm = load_text(
        HOST + "vms: {A: {storage: {disks: {os.vhdx: {path: 'E:\\x', overwrite: true},\n"
        "  data.vhdx: {path: 'E:\\y'}, log.vhdx: 'E:\\z'}}}}"
    ).vms["A"]
    assert vm.storage is not None
    assert dict(vm.storage.disks) == {"os.vhdx": "E:\\x", "data.vhdx": "E:\\y", "log.vhdx": "E:\\z"}
    assert vm.storage.overwrite == {"os.vhdx"}


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("networks: [10.0.0.1/24]", "networks[0]: '10.0.0.1/24' is no subnet"),
        ("networks: [10.0.0.0/24, cluster]", "networks[1]: 'cluster' is no subnet"),
        ("transport: smb, compression: true", "migration: compression is for transport: tcp"),
    ],
)
def test_options_that_cannot_be_are_reported_with_their_line(
    findings: Findings, section: str, said: str
) -> None:
    """For all, and for one machine."""
    (line,) = findings(f"{HOST}migration:\n  {{{section}}}\nvms: {{A: }}\n")
    assert line.startswith("3: migration")
    assert said in line
    (line,) = findings(f"{HOST}vms:\n  A: {{migration: {{{section}}}}}\n")
    assert line.startswith("3: vms.A.migration")
    assert said.removeprefix("migration: ") in line


def test_a_machine_that_turns_a_choice_of_all_into_nonsense_is_reported(findings: Findings) -> None:
    """Compression for all, SMB for one."""
    (line,) = findings(
        f"{HOST}migration: {{compression: true}}\nvms:\n  A: {{migration: {{transport: smb}}}}\n"
    )
    assert line.startswith("4: vms.A.migration: compression is for transport: tcp")


def test_a_host_puts_its_own_live_migration_over_what_is_said_for_all(load_text: Load) -> None:
    """What a host leaves out is as said for all; any network is two subnets; without the section nothing is managed."""
    stack = load_text(
        "live_migration: {enabled: true, live_limit: 4, networks: any}\n"
        "hosts:\n  hv1: {address: a}\n  hv2: {address: b, live_migration: {live_limit: 2, networks: [10.0.1.0/24]}}\n"
        "vms: {VM1: {host: hv1}}\n"
    )
    one, two = stack.hosts[HostName("hv1")].live_migration, stack.hosts[HostName("hv2")].live_migration
    assert (one.enabled, one.live_limit, one.networks) == (True, 4, ANY_NETWORK)
    assert (two.enabled, two.live_limit, two.networks) == (True, 2, ("10.0.1.0/24",))
    assert (
        not load_text("hosts: {hv1: {address: a}}\nvms: {VM1: {host: hv1}}\n")
        .hosts[HostName("hv1")]
        .live_migration
    )
