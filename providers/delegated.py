"""Read, compare, plan, for delegation: from a stack file, its hosts and the directory to what their accounts lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from providers.clock import Clock
from providers.errors import PlacementError
from providers.hyperv.estate import Estate
from providers.model.directory import ComputerAccount, DelegationPlan, DelegationSpec, MissingEntry
from providers.model.estate import Inventory
from providers.model.names import HostName
from providers.model.plan import Finding, Severity
from providers.model.stack import Stack
from providers.planning.accounts import account_called
from providers.planning.delegation import entries_of, missing_entries, too_new


def plan_delegation(
    stack: Stack, estate: Estate, inventory: Inventory, clock: Clock
) -> DelegationPlan | None:
    """Return what `stack` wants of its hosts' accounts and what they lack; None where it says nothing of it.

    Accounts are found by the names that hosts report of themselves. A host that is silent, a directory that is: nothing
    is planned on them, and a warning says so.
    """
    if stack.delegation is None or stack.directory is None:
        return None
    from providers.ldap.client import DirectoryClient  # noqa: PLC0415 - a fifth of a second that most stacks save

    spec = stack.delegation
    answering = [host for host in spec.hosts if host in inventory.hosts]
    names = estate.full_names(answering)
    builds = estate.builds(answering) if spec.mode == "constrained" else {}
    refused = [finding] if (finding := too_new(spec, builds)) else []
    client = DirectoryClient(stack.directory, clock=clock)
    try:
        accounts = client.computers(names.values())
    except PlacementError as error:
        unknown = _warning(f"Delegation is unknown, and nothing is planned on it: {error}")
        return replace(_planned(spec, names, names), findings=(*refused, *_silent(spec, names), unknown))
    finally:
        client.close()
    known = {host: name for host, name in names.items() if name.lower() in accounts}
    plan = _planned(spec, names, known)
    return replace(
        plan,
        missing=_missing(plan, known, accounts),
        findings=(*refused, *_silent(spec, names), *_without_account(names, known)),
    )


def _planned(
    spec: DelegationSpec, names: Mapping[HostName, str], known: Mapping[HostName, str]
) -> DelegationPlan:
    return DelegationPlan(
        spec=spec,
        full_names=names,
        unknown=tuple(host for host in spec.hosts if host not in known),
        entries={host: entries_of(host, known, spec.mode, spec.shares) for host in known},
    )


def _missing(
    plan: DelegationPlan, known: Mapping[HostName, str], accounts: Mapping[str, ComputerAccount]
) -> dict[HostName, tuple[MissingEntry, ...]]:
    labelled = {host: replace(accounts[name.lower()], host=host) for host, name in known.items()}
    missing = {
        host: missing_entries(account, plan.entries[host], accounts) for host, account in labelled.items()
    }
    return {host: entries for host, entries in missing.items() if entries}


def _silent(spec: DelegationSpec, names: Mapping[HostName, str]) -> Iterator[Finding]:
    silent = [host for host in spec.hosts if host not in names]
    if silent:
        yield _warning(
            f"What is delegated to and from {', '.join(silent)}, which does not answer, is taken as it was last seen"
        )


def _without_account(names: Mapping[HostName, str], known: Mapping[HostName, str]) -> Iterator[Finding]:
    for host, name in names.items():
        if host not in known:
            yield _warning(
                f"{host} calls itself {name}, and no account of the directory, or more than one, is called so",
                f"Check with {account_called(name)}, and that directory.server is of its domain",
            )


def _warning(text: str, remedy: str = "") -> Finding:
    return Finding(severity=Severity.WARNING, text=text, remedy=remedy)
