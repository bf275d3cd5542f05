"""Which entries a pair of hosts needs, and the same change as text."""

from __future__ import annotations

import pytest

from hyperv_placement.model.directory import FLAG, TRUSTED_TO_AUTH, ComputerAccount, DelegationSpec, Mode
from hyperv_placement.model.names import HostName
from hyperv_placement.planning.delegation.entries import (
    ACTING,
    change_of,
    entries_of,
    holder_for,
    ldif,
    missing_for_pair,
    powershell,
    too_new,
)
from hyperv_placement.planning.delegation.security_descriptor import allowed, with_allowed, without_allowed

SID = "S-1-5-21-1004336348-1177238915-682003330-{}"


def account(label: str, *entries: str, trusted: bool = False, **more: object) -> ComputerAccount:
    """Return the account of a host of corp.example."""
    number = int(label.removeprefix("hv"))
    flags = 0x1000 | (TRUSTED_TO_AUTH if trusted else 0)
    values: dict[str, object] = {
        "host": HostName(label), "dn": f"CN={label.upper()},OU=Hosts,DC=corp,DC=example", "account": f"{label.upper()}$",
        "full_name": f"{label}.corp.example", "sid": SID.format(1100 + number), "flags": flags,
        "allowed_to_delegate": frozenset(entries), "trusted_to_auth": trusted,
    }  # fmt: skip
    return ComputerAccount(**{**values, **more})  # type: ignore[arg-type] # names and types are those above


TO_HV2 = [
    "Microsoft Virtual System Migration Service/hv2.corp.example", "Microsoft Virtual System Migration Service/hv2",
    "cifs/hv2.corp.example", "cifs/hv2",
]  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("protocol-transition", [*TO_HV2, FLAG]), ("constrained", TO_HV2), ("resource-based", [f"{ACTING}: hv1.corp.example"])],
)  # fmt: skip
def test_what_a_pair_needs(mode: Mode, expected: list[str]) -> None:
    """Both services, full and short; the flag for protocol transition; the other side for the resource-based form."""
    missing = missing_for_pair(account("hv1"), account("hv2"), mode, [])
    assert [each.entry for each in missing] == expected
    assert {(each.source, each.destination) for each in missing} == {("hv1", "hv2")}


def test_the_short_name_of_a_host_has_15_characters() -> None:
    """As its account: a host registers its DNS and its NetBIOS name, and may register no other."""
    far = account("hv2", full_name="hyperv-frankfurt-01.corp.example")
    missing = missing_for_pair(account("hv1", trusted=True), far, "constrained")
    assert [each.entry.rpartition("/")[2] for each in missing] == [
        "hyperv-frankfurt-01.corp.example",
        "hyperv-frankfur",
    ] * 2


def test_file_servers_come_along() -> None:
    """A short name is of the host's domain, a full one has a short one; each line names the server."""
    missing = missing_for_pair(
        account("hv1"), account("hv2", trusted=True), "constrained", ["fs1", "fs2.far.example"]
    )
    assert [str(each) for each in missing[4:]] == [
        "hv1 -> fs1: cifs/fs1.corp.example", "hv1 -> fs1: cifs/fs1",
        "hv1 -> fs2.far.example: cifs/fs2.far.example", "hv1 -> fs2.far.example: cifs/fs2",
    ]  # fmt: skip


def test_case_makes_no_difference() -> None:
    """Whoever set the entries by hand may have written names in capitals."""
    ready = account("hv1", *(entry.upper() for entry in TO_HV2), trusted=True)
    assert missing_for_pair(ready, account("hv2"), "protocol-transition", []) == ()


def test_another_one_is_none() -> None:
    """An entry for hv22, and one of another service, say nothing of hv2."""
    near = account("hv1", "cifs/hv22", "HOST/hv2", "cifs/hv2.corp.example.org", trusted=True)
    assert len(missing_for_pair(near, account("hv2"), "protocol-transition", [])) == 4


def test_resource_based_reads_the_descriptor() -> None:
    """Who is in the destination's descriptor may act; nobody else."""
    hv1, hv3 = account("hv1"), account("hv3")
    descriptor = with_allowed(b"", [hv1.sid])
    hv2 = account("hv2", descriptor=descriptor, acting=allowed(descriptor))
    assert missing_for_pair(hv1, hv2, "resource-based", []) == ()
    assert len(missing_for_pair(hv3, hv2, "resource-based", [])) == 1


def test_the_ldif() -> None:
    """It adds single values, and exchanges exactly the flags that were read."""
    change = change_of(account("hv1", "cifs/hv2"), [*TO_HV2, FLAG], {})
    assert ldif([change]) == (
        "dn: CN=HV1,OU=Hosts,DC=corp,DC=example\nchangetype: modify\n"
        "add: msDS-AllowedToDelegateTo\n"
        "msDS-AllowedToDelegateTo: Microsoft Virtual System Migration Service/hv2.corp.example\n"
        "msDS-AllowedToDelegateTo: Microsoft Virtual System Migration Service/hv2\n"
        "msDS-AllowedToDelegateTo: cifs/hv2.corp.example\n-\n"
        "delete: userAccountControl\nuserAccountControl: 4096\n-\n"
        "add: userAccountControl\nuserAccountControl: 16781312\n-\n"
    )


def test_names_are_quoted() -> None:
    """A quote in a name ends no text, and what LDIF cannot hold plainly is in base64."""
    odd = account("hv1", dn="CN=HV1,OU=Müller's,DC=corp", trusted=True)
    change = change_of(odd, ["cifs/hv2"], {})
    assert ldif([change]).startswith("dn:: Q049SFYxLE9VPU3DvGxsZXIncyxEQz1jb3Jw\n")
    assert powershell([change]) == (
        "Set-ADObject -Identity 'CN=HV1,OU=Müller''s,DC=corp' -Add @{'msDS-AllowedToDelegateTo' = 'cifs/hv2'}"
    )


def test_the_powershell_lines() -> None:
    """One line an attribute; who is let in already stays."""
    hv1, hv2 = account("hv1"), account("hv2")
    assert powershell([change_of(hv1, [FLAG], {})]) == (
        "Set-ADAccountControl -Identity 'CN=HV1,OU=Hosts,DC=corp,DC=example' -TrustedToAuthForDelegation $true"
    )
    let_in = change_of(hv2, [f"{ACTING}: hv1.corp.example"], {"hv1.corp.example": hv1})
    assert powershell([let_in]) == (
        "Set-ADComputer -Identity 'CN=HV2,OU=Hosts,DC=corp,DC=example' -PrincipalsAllowedToDelegateToAccount "
        "(@((Get-ADComputer -Identity 'CN=HV2,OU=Hosts,DC=corp,DC=example' "
        "-Properties PrincipalsAllowedToDelegateToAccount).PrincipalsAllowedToDelegateToAccount) "
        "+ @('CN=HV1,OU=Hosts,DC=corp,DC=example'))"
    )


def test_a_descriptor_gains_and_loses_one() -> None:
    """Others' entries survive both, in their order, and the last one leaves an empty attribute."""
    one, two = SID.format(1101), SID.format(1102)
    both = with_allowed(with_allowed(b"", [one]), [two, one])
    assert allowed(both) == {one, two}
    assert without_allowed(both, [two]) == with_allowed(b"", [one])
    assert without_allowed(without_allowed(both, [two]), [one]) == b""


def test_taking_away_as_text() -> None:
    """What goes is named as the account spells it, the flag goes alone, and a list loses one of its names."""
    hv1, hv3 = account("hv1", "CIFS/hv2", "HTTP/x", trusted=True), account("hv3")
    change = change_of(hv1, [], {}, ["cifs/hv2", FLAG])
    assert (
        "delete: msDS-AllowedToDelegateTo\nmsDS-AllowedToDelegateTo: CIFS/hv2\n-\n"
        "delete: userAccountControl\nuserAccountControl: 16781312\n-\nadd: userAccountControl\nuserAccountControl: 4096\n-\n"
    ) in ldif([change])
    assert powershell([change]).splitlines() == [
        "Set-ADObject -Identity 'CN=HV1,OU=Hosts,DC=corp,DC=example' -Remove @{'msDS-AllowedToDelegateTo' = 'CIFS/hv2'}",
        "Set-ADAccountControl -Identity 'CN=HV1,OU=Hosts,DC=corp,DC=example' -TrustedToAuthForDelegation $false",
    ]
    descriptor = with_allowed(b"", [hv1.sid, hv3.sid])
    hv2 = account("hv2", descriptor=descriptor, acting=allowed(descriptor))
    gone = change_of(hv2, [], {"hv3.corp.example": hv3}, [f"{ACTING}: hv3.corp.example"])
    assert "Where-Object { $_ -notin @('CN=HV3,OU=Hosts,DC=corp,DC=example') }" in powershell([gone])
    assert "delete: msDS-AllowedToActOnBehalfOfOtherIdentity\n" in ldif([gone])
    last = change_of(
        hv2,
        [],
        {"hv1.corp.example": hv1, "hv3.corp.example": hv3},
        [f"{ACTING}: hv{n}.corp.example" for n in (1, 3)],
    )
    assert "add:" not in ldif([last])


@pytest.mark.parametrize(
    ("builds", "refused"),
    [({"hv1": 9600, "hv2": 9600}, ""), ({"hv1": 9600, "hv2": 14393}, "hv2 is newer"), ({"hv1": 26100, "hv2": 14393}, "hv1, hv2 are newer"),
     ({"hv1": None}, ""), ({}, "")],
)  # fmt: skip
def test_constrained_is_for_old_hosts_alone(builds: dict[str, int | None], refused: str) -> None:
    """One newer host is a refusal with the reason and the line; what is not known refuses nothing."""
    named = {HostName(name): build for name, build in builds.items()}
    hosts = (HostName("hv1"), HostName("hv2"))
    finding = too_new(DelegationSpec(hosts=hosts, mode="constrained", line=7), named)
    assert (finding is None) == (refused == "")
    assert refused in str(finding)
    assert finding is None or "protocol-transition, or leave mode out (line 7)" in str(finding)
    assert too_new(DelegationSpec(hosts=hosts), named) is None


@pytest.mark.parametrize(
    ("source", "destination", "mode", "shares", "expected"),
    [
        ("hv1", "hv2", "protocol-transition", (), "hv1"), ("hv1", "hv2", "resource-based", (), "hv2"),
        ("hv1", "hv9", "protocol-transition", (), None), ("hv9", "hv1", "protocol-transition", (), None),
        ("hv1", "hv1", "protocol-transition", (), None), ("hv1", "hv1", "protocol-transition", ("fs1",), "hv1"),
    ],
)  # fmt: skip
def test_which_account_a_move_rests_on(
    source: str, destination: str, mode: Mode, shares: tuple[str, ...], expected: str | None
) -> None:
    """The one that holds the pair's entries, and no other: a failure elsewhere stops nothing."""
    spec = DelegationSpec(hosts=(HostName("hv1"), HostName("hv2")), mode=mode, shares=shares)
    assert holder_for(spec, HostName(source), HostName(destination)) == expected


def test_a_host_alone_has_nobody_to_delegate_to() -> None:
    """No entry, no flag."""
    alone = {HostName("hv1"): "hv1.corp.example"}
    assert entries_of(HostName("hv1"), alone, "protocol-transition", []) == {}


@pytest.mark.parametrize("length", range(1, 60, 7))
def test_a_descriptor_that_is_cut_off(length: int) -> None:
    """It is an error, never an empty list that a write would then put in its place."""
    whole = with_allowed(b"", [SID.format(1101)])
    with pytest.raises(ValueError, match=r"cut off|ends outside|no SID"):
        allowed(whole[:length])
