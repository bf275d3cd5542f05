"""MigrationDelegation: what one host's account may delegate. Adds what is missing; takes away only what it added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import CheckResult, CreateResult, ReadResult, ResourceProvider, UpdateResult

from hyperv_placement.errors import (
    AccountMissingError,
    DirectoryChangedError,
    DirectoryUnreachableError,
    NotDeclaredError,
    PlacementError,
)
from hyperv_placement.model import resource_types
from hyperv_placement.model.directory import ComputerAccount
from hyperv_placement.model.names import HostName, folded
from hyperv_placement.planning.delegation.entries import change_of, holds, principal_of
from hyperv_placement.planning.delegation.host_accounts import against
from hyperv_placement.planning.machine.declared import undeclared_delegation

from .call import Call, HalfDoneError, current
from .diff_answer import ADD, DELETE, UPDATE, DetailedDiffResult
from .fleet import Fleet
from .fleets import fleets

if TYPE_CHECKING:
    from hyperv_placement.directory.client import DirectoryClient

TYPE = resource_types.ACCOUNT
INPUTS = ("account", "mode", "entries", "silent", "refused", "onDelete")
OUTPUTS = (*INPUTS, "dn", "absent", "added", "reachable")
_ATTEMPTS = 5
"""How often somebody else may be faster."""


class MigrationDelegation(ResourceProvider):
    """The provider's verbs for one account; the host's label in the stack file is the resource's name and id.

    Of what an account holds, state has `entries` (those of ours that are there, with the host each is about), `absent`
    (those that are not) and `added` (those that this stack has added). What others have set is not in it.
    """

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Accept the inputs: the program has checked the whole stack file before it declared anything."""
        return CheckResult(news, [])

    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DetailedDiffResult:
        """Compare wanted entries with those seen; of a silent directory nothing is planned."""
        if olds.get("problem"):
            return DetailedDiffResult({"problem": DELETE})
        if not olds.get("reachable", True):
            # What it holds is unknown, not gone: a difference would have entries added that may be there.
            return DetailedDiffResult({})
        if id_ in (news.get("refused") or {}):
            return DetailedDiffResult({"refused": UPDATE})
        wanted, there = wanted_of(news, olds), olds.get("entries") or {}
        changes = {f'entries["{entry}"]': ADD for entry in wanted if entry not in there}
        changes |= {f'entries["{entry}"]': DELETE for entry in _obsolete(news, olds, wanted)}
        same = {name: news.get(name) or olds.get(name) for name in ("account", "mode", "onDelete")}
        changes |= {name: UPDATE for name, value in same.items() if value != olds.get(name)}
        return DetailedDiffResult(changes)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Add what is missing; of a host that was never seen nothing is known, so nothing is done yet."""
        call = current.get()
        _stop_where_refused(call.label, props)
        if not props.get("account"):
            call.say(
                "warning",
                f"{call.label} does not answer: its account is not known yet; run again when it does",
            )
            return CreateResult(
                call.label, {**_kept(props), "entries": {}, "absent": {}, "added": [], "reachable": True}
            )
        fleet = fleets().of(call.stack)
        _check_declared(fleet, call.label, props)
        fleet.arrival.agree(call.label)
        with fleet.run_order.other_work():
            return CreateResult(call.label, _brought(fleet, call, {}, props))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return what the directory shows. Unknown is never gone: then the last known outputs stay."""
        call = current.get()
        inputs = {name: props[name] for name in INPUTS if name in props}
        fleet = fleets().of_reader(call.stack)
        if fleet is None or fleet.directory is None or not props.get("account"):
            return ReadResult(id_, props, inputs)
        wanted = {**(props.get("entries") or {}), **(props.get("absent") or {})}
        try:
            account, others = _accounts(fleet.directory, str(props["account"]), wanted)
        except AccountMissingError as error:
            call.say("warning", str(error))
            return ReadResult(id_, {**props, "problem": str(error)}, inputs)
        except PlacementError as error:
            call.say("warning", f"{error}; delegation of {id_} is taken as it was last seen")
            return ReadResult(id_, {**props, "reachable": False}, inputs)
        outputs = _seen(account, others, wanted, props.get("added") or [], props)
        return ReadResult(id_, outputs, {**inputs, "entries": outputs["entries"]})

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Add what is missing, and take away what is not wanted any more where that is declared."""
        call = current.get()
        _stop_where_refused(call.label, news)
        fleet = fleets().of(call.stack)
        _check_declared(fleet, call.label, news)
        fleet.arrival.agree(call.label)
        with fleet.run_order.other_work():
            return UpdateResult(_brought(fleet, call, olds, news))

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Leave everything in place, or take away what was added where that is declared."""
        # Only what this stack has added: an entry that was there before is somebody else's.
        added = list(props.get("added") or [])
        if props.get("onDelete") != "remove" or not added:
            return
        call = current.get()
        fleet = fleets().of(call.stack)
        try:
            _settled(fleet, str(props["account"]), {}, _Added(added), added)
        except AccountMissingError as error:
            call.say("warning", f"{error}; there is nothing to take away")


def _check_declared(fleet: Fleet, host: str, props: Mapping[str, Any]) -> None:
    """Raise NotDeclaredError where the stack file does not say what is asked for: the program asks for nothing else."""
    found = undeclared_delegation(
        fleet.stack,
        HostName(host),
        mode=str(props.get("mode")),
        on_delete=str(props.get("onDelete")),
        entries=props.get("entries") or {},
    )
    if found:
        raise NotDeclaredError("; ".join(found))


def _stop_where_refused(label: str, news: Mapping[str, Any]) -> None:
    """Raise AccountMissingError for a host that the program has refused: nothing is changed for it, others go on."""
    why = (news.get("refused") or {}).get(label)
    if why is not None:
        raise AccountMissingError(
            f"The delegation of {label} was not changed: {why}", remedy="See the warning of the preview"
        )


@dataclass(slots=True)
class _Added:
    """The entries that this stack has added, kept up to date while it adds."""

    entries: list[str]


def wanted_of(news: Mapping[str, Any], olds: Mapping[str, Any]) -> dict[str, str]:
    """Return the entries wanted: of hosts that are silent those that were wanted before, of those refused what is there."""
    there = olds.get("entries") or {}
    before = {**there, **(olds.get("absent") or {})}
    if not news.get("account"):
        return before
    silent, refused = set(news.get("silent") or []), set(news.get("refused") or {})
    # The program cannot name entries about a host that is silent: left out here, they would count as obsolete.
    kept = {
        e: about for e, about in before.items() if about in silent and (about not in refused or e in there)
    }
    return {**kept, **(news.get("entries") or {})}


def _obsolete(news: Mapping[str, Any], olds: Mapping[str, Any], wanted: Mapping[str, str]) -> list[str]:
    """Return what was added, is not wanted any more, and is to be taken away then."""
    if news.get("onDelete") != "remove" or not news.get("account"):
        return []
    about = {**(olds.get("absent") or {}), **(olds.get("entries") or {})}
    left = {entry for entry, host in about.items() if host in (news.get("refused") or {})}
    return [entry for entry in olds.get("added") or [] if entry not in wanted and entry not in left]


def _brought(fleet: Fleet, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
    """Bring an account to what is wanted, and return what it shows. Raises PlacementError."""
    name = str(news.get("account") or olds.get("account") or "")
    if not name:
        raise AccountMissingError(
            f"{call.label} does not answer: its account is not known", remedy="Run again when it does"
        )
    # Under another account nothing of what was added is there; the old one keeps what it has.
    same = folded(str(olds.get("account") or "")) == folded(name)
    known = olds if same else {}
    wanted = wanted_of(news, known)
    added = _Added(list(known.get("added") or []))
    props = {**_kept(news), "account": name}
    try:
        account, others = _settled(fleet, name, wanted, added, _obsolete(news, known, wanted))
    except PlacementError as error:
        if added.entries == list(known.get("added") or []):
            raise
        # Something was written before it failed: state has to keep it, or it would never be taken away again.
        outputs = {**props, "entries": {}, "absent": wanted, "added": added.entries, "reachable": False}
        raise HalfDoneError(call.label, outputs, str(error)) from error
    kept = {e: about for e, about in (known.get("entries") or {}).items() if e in added.entries}
    return _seen(account, others, {**kept, **wanted}, added.entries, props)


def _settled(
    fleet: Fleet, name: str, wanted: Mapping[str, str], added: _Added, obsolete: Iterable[str]
) -> tuple[ComputerAccount, Mapping[str, ComputerAccount]]:
    """Read, compare, change, and read again until the account is as wanted; return it, and who is named in it.

    Raises PlacementError; what was added until then is in `added`.
    """
    client = _directory(fleet)
    # Read again after each change, too: what the directory shows then is what goes into state.
    for _ in range(_ATTEMPTS):
        account, others = _accounts(client, name, [*wanted, *obsolete], taking=not wanted)
        _all_known([*wanted], others)
        change = change_of(account, wanted, others, obsolete)
        if not change:
            return account, others
        ours = [entry for entry in wanted if not holds(account, entry, others)]
        _check_targets(client, name, ours)
        # Before the change: a line that cannot be written must stop it where the audit log is required.
        fleet.audit.announce("delegation", name, dn=account.dn, add=ours, remove=[*obsolete])
        try:
            client.change(change)
        except DirectoryChangedError:
            continue  # all of it was refused: it is worked out anew
        added.entries = [
            *(each for each in added.entries if each not in obsolete and each not in ours),
            *ours,
        ]
    raise DirectoryChangedError(
        f"The account of {name} does not stay as it is set: somebody changes it all the while"
    )


def _accounts(
    client: DirectoryClient, name: str, entries: Iterable[str], *, taking: bool = False
) -> tuple[ComputerAccount, Mapping[str, ComputerAccount]]:
    """Return a host's account, and those that resource-based entries name. Raises AccountMissingError and others.

    `taking`: entries are only taken away, also from an account that nothing would be added to.
    """
    principals = [principal for entry in entries if (principal := principal_of(entry)) is not None]
    found = client.computers([name, *principals])
    account, unfit = found.fit.get(folded(name)), found.unfit.get(folded(name))
    # An account may have become unfit since entries were added to it: they must not stay for that reason.
    if account is None and taking and unfit is not None:
        account = unfit.account
    if account is None:
        why, remedy = (unfit.why, unfit.remedy) if unfit else (f"no account is called {name}", "")
        raise AccountMissingError(
            f"The delegation of {name} can be neither read nor set: {why}", remedy=remedy
        )
    return account, found.fit


def _check_targets(client: DirectoryClient, name: str, entries: list[str]) -> None:
    """Look once more at whom new entries are about: the preview's directory may have been silent, or another one."""
    targets = [target for entry in entries if "." in (target := entry.partition("/")[2])]
    if targets and (why := against(entries, client.related(targets))):
        raise AccountMissingError(f"Nothing was added to the account of {name}: {why}", remedy="Run again")


def _all_known(entries: Iterable[str], others: Mapping[str, ComputerAccount]) -> None:
    for entry in entries:
        if (principal := principal_of(entry)) is not None and principal not in others:
            raise AccountMissingError(
                f"No account of the directory that is a host's is called {principal}", remedy=""
            )


def _seen(
    account: ComputerAccount,
    others: Mapping[str, ComputerAccount],
    wanted: Mapping[str, str],
    added: Iterable[str],
    props: Mapping[str, Any],
) -> dict[str, Any]:
    """Return an account as outputs."""
    there = {entry: about for entry, about in wanted.items() if holds(account, entry, others)}
    return {
        **_kept(props),
        "dn": account.dn,
        "entries": there,
        "absent": {entry: about for entry, about in wanted.items() if entry not in there},
        "added": [entry for entry in added if holds(account, entry, others)],
        "reachable": True,
    }


def _kept(props: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: props[name] for name in ("account", "mode", "silent", "onDelete") if props.get(name) is not None
    }


def _directory(fleet: Fleet) -> DirectoryClient:
    if fleet.directory is None:
        raise DirectoryUnreachableError(
            "The stack file names no directory: any more",
            remedy="Keep directory: until what delegation: has added is taken away, or write on_delete: keep first",
        )
    return fleet.directory
