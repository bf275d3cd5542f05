"""Whatever an account holds already: what is missing is added once, and what others have set survives."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.directory.messages import Modification
from hyperv_placement.directory.modifying import steps_of
from hyperv_placement.model.directory import FLAG, TRUSTED_TO_AUTH, AccountChange, ComputerAccount, Mode
from hyperv_placement.model.names import HostName
from hyperv_placement.planning.delegation.entries import change_of, entries_of, missing_entries
from hyperv_placement.planning.delegation.security_descriptor import allowed, with_allowed, without_allowed

DOMAIN = "S-1-5-21-1004336348-1177238915-682003330"
HOSTS = [HostName(f"hv{number}") for number in range(1, 5)]
SIDS = st.integers(0, 2**32 - 1).map(lambda rid: f"{DOMAIN}-{rid}")
SERVICES = st.sampled_from(["cifs", "CIFS", "HTTP", "Microsoft Virtual System Migration Service"])
PRINCIPALS = st.builds(
    "{}/{}".format,
    SERVICES,
    st.sampled_from(["hv2", "HV2", "hv2.corp.example", "hv3.corp.example", "sql1"]),
)
MODES: st.SearchStrategy[Mode] = st.sampled_from(["protocol-transition", "constrained", "resource-based"])


def _account(
    host: HostName, rid: int, services: frozenset[str], sids: list[str], flags: int
) -> ComputerAccount:
    descriptor = with_allowed(b"", sids) if sids else b""
    return ComputerAccount(
        host=host, dn=f"CN={host}", account=f"{host}$", full_name=f"{host}.corp.example", allowed_to_delegate=services,
        trusted_to_auth=bool(flags & TRUSTED_TO_AUTH), flags=flags, sid=f"{DOMAIN}-{rid}", descriptor=descriptor,
        acting=allowed(descriptor),
    )  # fmt: skip


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, ComputerAccount]:
    """Accounts of all hosts by full name, with anything in them; no two services that differ in case alone."""
    made = [
        _account(
            host, 1000 + number, frozenset(draw(st.lists(PRINCIPALS, unique_by=str.casefold, max_size=6))),
            draw(st.lists(SIDS, unique=True, max_size=3)),
            draw(st.integers(0, 2**26)) & ~2,
        )
        for number, host in enumerate(HOSTS)
    ]  # fmt: skip
    return {each.full_name: each for each in made}


def carried_out(account: ComputerAccount, change: AccountChange) -> ComputerAccount:
    """Return an account after the Modify of `change`, as a directory carries it out: strictly."""
    values: dict[str, dict[str | bytes, str | bytes]] = {
        "msDS-AllowedToDelegateTo": {each.casefold(): each for each in account.allowed_to_delegate},
        "userAccountControl": {str(account.flags): str(account.flags)},
        "msDS-AllowedToActOnBehalfOfOtherIdentity": {account.descriptor: account.descriptor} if account.descriptor else {},
    }  # fmt: skip
    for step in steps_of(change):
        _carry_out(values[step.attribute], step)
    (flags,) = values["userAccountControl"].values()
    descriptor = next(iter(values["msDS-AllowedToActOnBehalfOfOtherIdentity"].values()), b"")
    assert isinstance(descriptor, bytes)
    return replace(
        account,
        allowed_to_delegate=frozenset(map(str, values["msDS-AllowedToDelegateTo"].values())),
        flags=int(flags),
        trusted_to_auth=bool(int(flags) & TRUSTED_TO_AUTH),
        descriptor=descriptor,
        acting=allowed(descriptor),
    )


def _carry_out(values: dict[str | bytes, str | bytes], step: Modification) -> None:
    binary = step.attribute.startswith("msDS-AllowedToAct")
    for raw in step.values:
        value = raw if binary else raw.decode()
        key = value if isinstance(value, bytes) else value.casefold()
        assert (key in values) == (step.operation == "delete")
        if step.operation == "delete":
            del values[key]
        else:
            values[key] = value


@given(accounts(), MODES, st.lists(st.sampled_from(["fs1", "fs2.far.example"]), unique=True))
def test_adding_twice_is_adding_once(
    there: dict[str, ComputerAccount], mode: Mode, shares: list[str]
) -> None:
    """After one change nothing is missing, a second one is empty, and every foreign entry and flag is still there."""
    names = {each.host: each.full_name for each in there.values()}
    before = there["hv1.corp.example"]
    entries = entries_of(before.host, names, mode, shares)
    after = carried_out(before, change_of(before, entries, there))
    assert missing_entries(after, entries, there) == ()
    assert not change_of(after, entries, there)
    assert before.allowed_to_delegate <= after.allowed_to_delegate
    assert before.acting <= after.acting
    assert before.flags & ~TRUSTED_TO_AUTH == after.flags & ~TRUSTED_TO_AUTH
    assert mode == "protocol-transition" or after.flags == before.flags


@given(accounts(), MODES)
def test_taking_away_what_was_added_ends_where_it_began(
    there: dict[str, ComputerAccount], mode: Mode
) -> None:
    """Only what was missing before goes; the account is as it was."""
    names = {each.host: each.full_name for each in there.values()}
    before = there["hv1.corp.example"]
    entries = entries_of(before.host, names, mode, [])
    added = [entry for entry in entries if change_of(before, [entry], there)]
    after = carried_out(before, change_of(before, entries, there))
    back = carried_out(after, change_of(after, [], there, added))
    assert (back.allowed_to_delegate, back.flags, back.acting) == (
        before.allowed_to_delegate, before.flags, before.acting,
    )  # fmt: skip
    assert (FLAG in added) == (mode == "protocol-transition" and not before.trusted_to_auth)


@given(st.lists(SIDS, unique=True, max_size=6), st.lists(SIDS, unique=True, max_size=6))
def test_a_descriptor_keeps_who_is_in_it(first: list[str], more: list[str]) -> None:
    """Letting in is a union, and keeping out a difference, whatever the order."""
    descriptor = with_allowed(b"", first)
    assert allowed(with_allowed(descriptor, more)) == {*first, *more}
    assert allowed(without_allowed(descriptor, more)) == {*first} - {*more}
