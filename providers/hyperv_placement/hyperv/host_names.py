"""What a host calls itself: DestinationHost must be right."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import dns_name, is_guid
from hyperv_placement.model.own_name import begins_alike, in_dns
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.faults import AccessDeniedFaultError
from hyperv_placement.winrm.proof import proven_names
from hyperv_placement.wsman import CIMV2

from .inventory import single


@dataclass(frozen=True, slots=True, kw_only=True)
class HostNames:
    """What a host calls itself; that changes only with a restart."""

    computer_name: str
    """NetBIOS name."""
    full_name: str
    """Full DNS name: what DestinationHost must be, where `own_name` says that it is its own."""
    reported: str = ""
    """The same as it reports it: its name and its domain, which need not be its suffix in DNS."""
    proven: tuple[str, ...] = ()
    """Names that reaching it proved."""
    declared: str | None = None
    """Its name by the stack file."""


def read_names(client: Client) -> HostNames:
    """Read the names of a host; that DNSHostName and Domain make a member's full name is a guess until recorded.

    Where its DNS suffix is not its domain they do not, and the stack file has its full name (Microsoft, "Disjoint Namespace").
    Who may not read root/cimv2 goes by the name that the stack file declares or dials, if it is the host's.
    """
    try:
        rows = client.query(
            "Win32_ComputerSystem", "Name", "DNSHostName", "Domain", "PartOfDomain", namespace=CIMV2
        )
    except AccessDeniedFaultError as denied:
        return _names_as_dialled(client, denied)
    row = single(client, rows, "Win32_ComputerSystem")
    host, domain = row.text("DNSHostName") or row.text("Name"), row.text("Domain")
    # Outside a domain, Domain holds the name of the workgroup (win32 page of Win32_ComputerSystem).
    member = bool(row.flag("PartOfDomain")) and bool(domain)
    return _names(client, row.text("Name"), f"{host}.{domain}" if member else host)


def _names(client: Client, computer_name: str, full_name: str) -> HostNames:
    """Return the names of a host. Raises PlacementError for a name that no host can have: the rest of its answers is not believed then."""
    wrong = next((name for name in (computer_name, full_name) if not dns_name(name)), None)
    if wrong is not None:
        raise PlacementError(
            f"{client.host.name} reports a name that no host can have: {wrong}",
            remedy="Letters of A to Z, digits, hyphens and underscores make a name; look who answers at its address",
        )
    spec = client.host
    return HostNames(
        computer_name=computer_name,
        full_name=in_dns(full_name, spec.full_name),
        reported=full_name,
        proven=proven_names(spec),
        declared=spec.declared,
    )


def _names_as_dialled(client: Client, denied: AccessDeniedFaultError) -> HostNames:
    """Return the names of a host by its own row among the systems and the full name in the stack file.

    Raises PlacementError where that is not a name of the host: DestinationHost must be right.
    """
    spec = client.host
    systems = client.query("Msvm_ComputerSystem", "Name", "ElementName")
    own = next((row.text("Name") for row in systems if not is_guid(row.text("Name"))), "")
    dialled = spec.declared or spec.connection.kerberos_host or urlsplit(spec.endpoint).hostname or ""
    # By a short name a host of another domain could be meant.
    if "." not in dialled or not begins_alike(dialled, own):
        raise PlacementError(
            f"{spec.name} calls itself {own}, and its full name could not be read ({denied.message})",
            remedy=f"Write its full name as account: under hosts.{spec.name}, dial it by that, or let the account read root/cimv2",
        ) from denied
    return _names(client, own, dialled)
