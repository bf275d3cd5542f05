"""Names of an estate's hosts: in the file, in DNS, and by NetBIOS."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from .spec import EstateSpec, HostSpec

LONGEST_NETBIOS = 15
"""Characters of a NetBIOS name ("Naming conventions in Active Directory", learn.microsoft.com)."""
_LABEL = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")
_LONGEST_DOMAIN = 180
"""Characters that leave room for a host's name in a full one (RFC 1035 2.3.4)."""


def netbios_name(host: HostSpec) -> str:
    """Return the NetBIOS name of a host: the start of its name, upper case."""
    return (host.computer_name or host.name).upper()[:LONGEST_NETBIOS]


def name_findings(spec: EstateSpec) -> Iterator[str]:
    """Yield what is wrong with the names of hosts, each with its place."""
    for host in spec.hosts:
        if not _LABEL.match(host.name):
            yield f"hosts.{host.name}: a host's name has 1 to 63 letters, digits and hyphens"
        if host.computer_name is not None and not _LABEL.match(host.computer_name):
            yield f"hosts.{host.name}.computer_name: a name has 1 to 63 letters, digits and hyphens"
        for key, name in (("domain", host.domain), ("dns_suffix", host.dns_suffix)):
            if name is not None and (
                len(name) > _LONGEST_DOMAIN or not all(map(_LABEL.match, name.split(".")))
            ):
                yield f"hosts.{host.name}.{key}: '{name}' is no name of a domain"
    for name, count in Counter(map(netbios_name, spec.hosts)).items():
        if count > 1:
            yield f"hosts: {count} hosts would have the NetBIOS name {name}, the first {LONGEST_NETBIOS} characters of their names"
