"""Read, compare, plan, for delegation: from a stack file, its hosts and the directory to what their accounts lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from hyperv_placement.clock import Clock
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.host_names import HostNames
from hyperv_placement.model.directory import (
    Accounts,
    ComputerAccount,
    DelegationPlan,
    DelegationSpec,
    MissingEntry,
    Unfit,
)
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.names import HostName, folded
from hyperv_placement.model.own_name import doubt, own_name
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.delegation.entries import (
    both_names,
    entries_of,
    missing_entries,
    principal_of,
    too_new,
)
from hyperv_placement.planning.delegation.host_accounts import holders, is_controller, judged, sharing


def plan_delegation(
    stack: Stack, estate: Estate, inventory: Inventory, clock: Clock
) -> DelegationPlan | None:
    """Return what `stack` wants of its hosts' accounts and what they lack; None where it says nothing of it.

    Accounts are found by the names that were proven or declared, and are hosts' by what the directory says of them. Of a host
    that is silent, or refused, and of a directory that is silent nothing is planned, and a warning says so.
    """
    if stack.delegation is None or stack.directory is None:
        return None
    from hyperv_placement.directory.client import DirectoryClient  # noqa: PLC0415 - a fifth of a second that most stacks save

    spec = stack.delegation
    answering = [host for host in spec.hosts if host in inventory.hosts]
    # A host may report any name, a domain controller's too: only one that is proven or declared is looked up.
    said = estate.all_names(answering)
    names = {host: own for host, each in said.items() if (own := own_name(each)) is not None}
    refused = _refused_by_name(said, names)
    names = {host: name for host, name in names.items() if host not in refused}
    # Only this mode is too little for some builds: others cost no query.
    builds = estate.builds(answering) if spec.mode == "constrained" else {}
    findings = [
        *([finding] if (finding := too_new(spec, builds)) else []),
        *_silent(spec, said),
    ]
    servers = _servers(spec, names)
    client = DirectoryClient(stack.directory, clock=clock)
    try:
        found = client.related([*names.values(), *servers.values()])
    except PlacementError as error:
        unknown = Finding.warning(
            "delegation-unknown", f"Delegation is unknown, and nothing is planned on it: {error}"
        )
        # The directory is silent: what is wanted is shown all the same, and nothing of it is compared.
        plan = _planned(spec, names, names, refused)
        return replace(plan, findings=(*findings, *_reported(refused), unknown))
    finally:
        client.close()
    # The directory has the last word: a name that is proven may still be a controller's account, or a disabled one.
    accounts = judged(names.values(), found)
    refused |= {
        host: accounts.unfit[folded(name)] for host, name in names.items() if folded(name) in accounts.unfit
    }
    # Whoever may act at a domain controller as anybody has the domain: such a share is left out, and the others go on.
    forbidden = _controllers(servers, found)
    known = {host: name for host, name in names.items() if host not in refused}
    plan = _planned(
        replace(spec, shares=tuple(s for s in spec.shares if s not in forbidden)), names, known, refused
    )
    dns: dict[str, str] = {
        **{host: accounts.fit[folded(name)].dn for host, name in known.items()},
        **_dns(servers, found),
    }
    plan = replace(plan, spec=spec, accounts=dns)
    return replace(
        plan,
        missing=_missing(plan, known, accounts),
        findings=(*findings, *_reported(refused), *forbidden.values(), *_unseen(servers, dns)),
    )


def _planned(
    spec: DelegationSpec,
    names: Mapping[HostName, str],
    known: Mapping[HostName, str],
    refused: Mapping[HostName, Unfit],
) -> DelegationPlan:
    return DelegationPlan(
        spec=spec,
        full_names=names,
        unknown=tuple(host for host in spec.hosts if host not in known),
        refused={host: why.why for host, why in refused.items()},
        entries={host: entries_of(host, known, spec.mode, spec.shares) for host in known},
    )


def _refused_by_name(
    said: Mapping[HostName, HostNames], names: Mapping[HostName, str]
) -> dict[HostName, Unfit]:
    """Return the hosts whose names are neither proven nor declared, or that have one account or one service with another."""
    found = {
        host: Unfit(why=why.text, remedy=why.remedy)
        for host, each in said.items()
        if (why := doubt(host, each)) is not None
    }
    # Both are refused: which of the two is meant cannot be known.
    for one, other, service in sharing(names):
        both = f"{one} and {other} both have {service}"
        found |= dict.fromkeys(
            (one, other),
            Unfit(why=both, remedy="Declare each host once, by the name of its own account (account:)"),
        )
    return found


def _reported(refused: Mapping[HostName, Unfit]) -> Iterator[Finding]:
    """Yield a warning for each cause, with all the hosts that it keeps out."""
    for why in dict.fromkeys(refused.values()):
        hosts = " and ".join(host for host, each in refused.items() if each == why)
        yield Finding.warning(
            "delegation-not-changed", f"No delegation is changed to or from {hosts}: {why.why}", why.remedy
        )


def _servers(spec: DelegationSpec, names: Mapping[HostName, str]) -> dict[str, str]:
    """Return the full names of the file servers; one that is given short is of the hosts' domain."""
    # Any host's will do: hosts and file servers that are written short share one domain.
    name = next(iter(names.values()), "")
    return {share: next(both_names(share, name)) for share in spec.shares}


def _controllers(servers: Mapping[str, str], found: Sequence[ComputerAccount]) -> dict[str, Finding]:
    """Return the file servers that are domain controllers, with what is said of each."""
    return {
        share: Finding.warning(
            "delegation-to-controller",
            f"No delegation to {share}: its account {account.dn} is a domain controller's, and whoever may act there as"
            " anybody has the domain",
            "Take it from delegation.shares, and keep files of machines elsewhere",
        )
        for share, full_name in servers.items()
        for account in holders(full_name, found)
        if is_controller(account)
    }


def _dns(servers: Mapping[str, str], found: Sequence[ComputerAccount]) -> dict[str, str]:
    there = {share: "; ".join(sorted(a.dn for a in holders(name, found))) for share, name in servers.items()}
    return {share: dn for share, dn in there.items() if dn}


def _unseen(servers: Mapping[str, str], dns: Mapping[str, str]) -> Iterator[Finding]:
    for share, full_name in servers.items():
        if share not in dns:
            yield Finding.warning(
                "delegation-server-unknown",
                f"The directory has no account of the file server {full_name}: whom cifs/{full_name} lets hosts act at is not known",
                "Correct delegation.shares, unless that server is of another domain",
            )


def _missing(
    plan: DelegationPlan, known: Mapping[HostName, str], accounts: Accounts
) -> dict[HostName, tuple[MissingEntry, ...]]:
    missing: dict[HostName, tuple[MissingEntry, ...]] = {}
    for host, name in known.items():
        account = replace(accounts.fit[folded(name)], host=host)
        for each in missing_entries(account, plan.entries[host], accounts.fit):
            # Whom an entry is about is the other end: where the source is let in, that is the source.
            about = each.destination if principal_of(each.entry) is None else each.source
            found = replace(each, dn=plan.accounts.get(about, ""))
            missing[host] = (*missing.get(host, ()), found)
    return missing


def _silent(spec: DelegationSpec, said: Mapping[HostName, HostNames]) -> Iterator[Finding]:
    silent = [host for host in spec.hosts if host not in said]
    if silent:
        yield Finding.warning(
            "delegation-as-last-seen",
            f"What is delegated to and from {', '.join(silent)}, which does not answer, is taken as it was last seen",
        )
