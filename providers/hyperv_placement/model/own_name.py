"""By which full name a host may be called: one that was proven or declared, never one that it alone reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .names import HostName, dns

NETBIOS = 15
"""Characters of a NetBIOS name: of a longer name its start (Microsoft, "Naming conventions in Active Directory")."""


class Identity(Protocol):
    """What is known of a host's names."""

    @property
    def full_name(self) -> str:
        """Full DNS name as the host reports it of itself."""

    @property
    def computer_name(self) -> str:
        """NetBIOS name as the host reports it of itself."""

    @property
    def proven(self) -> tuple[str, ...] | None:
        """Names that reaching the host has proven: by its certificate, or by a ticket for it; None where nobody noted it."""

    @property
    def declared(self) -> str | None:
        """Name that the stack file declares (hosts: account, or full_name)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why a host is not called by the name that it reports, and what to write."""

    text: str
    remedy: str


def begins_alike(one: str, other: str) -> bool:
    """Say whether two names of hosts, full or short, have the first label in common, as far as NetBIOS has it."""
    first, second = (dns(each).partition(".")[0] for each in (one, other))
    short = min(len(first), len(second)) == NETBIOS
    return first[:NETBIOS] == second[:NETBIOS] if short else first == second


def in_dns(reported: str, declared: str | None) -> str:
    """Return the full name of a host that reports `reported`, its name and its domain: `declared` where both begin alike.

    A host whose DNS suffix is not its domain reports no full name at all; only somebody's word has the suffix. Where it does not
    even begin as declared, what it reports stands, and is held against the declared name.
    """
    return declared if declared is not None and begins_alike(reported, declared) else reported


def own_name(host: Identity) -> str | None:
    """Return the full name of a host, as it spells it, without the dot of the root; None where it is neither proven nor declared.

    Whole names are compared, as DNS does: `hv1` proves nothing of `hv1.corp.example`. What is declared counts alone. A
    name with letters beyond ASCII is none: two of them can look, and fold, like one.
    """
    # A declared name takes the place of proven ones: a certificate for several names would let the host choose.
    accepted = (host.declared,) if host.declared else host.proven or ()
    same = any(dns(host.full_name) == dns(name) for name in accepted)
    return host.full_name.rstrip(".") if same and host.full_name.isascii() else None


def agrees_with_itself(host: Identity) -> bool:
    """Say whether the two names that a host reports begin alike, as those of one computer do."""
    return dns(host.full_name).partition(".")[0][:NETBIOS] == dns(host.computer_name)


def called(host: Identity) -> frozenset[str]:
    """Return the names by which a host may be meant, as DNS compares them: its own, else those that it reports."""
    own = own_name(host)
    # Without a name of its own a host is still meant by what it reports: to find a job again, not to call it so.
    if own is None:
        return frozenset({dns(host.full_name), dns(host.computer_name)})
    short = dns(own).partition(".")[0]
    return frozenset({dns(own), short, short[:NETBIOS]})


def doubt(name: HostName, host: Identity) -> Doubt | None:
    """Return why `host`, called `name` in the stack file, has no name of its own; None where it has."""
    if own_name(host) is not None:
        return None
    reported = f"{name} reports that it is {host.full_name}"
    if host.declared:
        return Doubt(
            text=f"{reported}, and the stack file declares {host.declared}",
            remedy=f"See which computer answers there; if its DNS suffix is not its domain's, write full_name: {host.declared} in place"
            f" of account: under hosts.{name}"
            if begins_alike(host.full_name, host.declared)
            else f"See which computer answers there; if {name} was renamed, correct what hosts.{name} declares",
        )
    other_suffix = next(
        (each for each in host.proven or () if begins_alike(each, host.full_name) and "." in each), None
    )
    if other_suffix is not None:
        return Doubt(
            text=f"{reported}, and what was proven is {' and '.join(host.proven or ())}",
            remedy=f"See which computer answers there; if its DNS suffix is not its domain's, write full_name: {other_suffix} under"
            f" hosts.{name}, and if that is an alias, {_write(name, host)}",
        )
    if host.proven:
        return Doubt(
            text=f"{reported}, and what was proven is {' and '.join(host.proven)}",
            remedy=f"See which computer answers there. If {host.proven[0]} is an alias, write account: under hosts.{name} with the"
            " full name of its account"
            if not _begins_alike(name, host)
            else f"See which computer answers there; if that name is right, {_write(name, host)}",
        )
    if host.proven is None:
        return Doubt(
            text=f"{reported}, and what proved it was not recorded",
            remedy=f"Record the inventory anew, or {_write(name, host)}",
        )
    return Doubt(
        text=f"{reported}, and neither a certificate nor a ticket proves it",
        remedy=f"If that is its account in the directory, {_write(name, host)}, or dial it by its full name over https",
    )


def _begins_alike(name: HostName, host: Identity) -> bool:
    """Say whether the reported name begins as the host is called in the stack file, or as what was proven."""
    expected = {dns(each).partition(".")[0] for each in (name, *(host.proven or ()))}
    return dns(host.full_name).partition(".")[0] in expected


def _write(name: HostName, host: Identity) -> str:
    """Return what to write: no reported name that begins as another computer's, which somebody would paste."""
    if _begins_alike(name, host):
        return f"write account: {host.full_name} under hosts.{name}"
    return f"write account: under hosts.{name} with its full name, such as account: hv1.corp.example"
