"""The command that looks for a computer's account in the directory."""

from __future__ import annotations

from hyperv_placement import quoting


def account_called(full_name: str) -> quoting.Command:
    """Return the line for the ActiveDirectory module; a -Filter would be a program of its own, an LDAP filter is data."""
    return quoting.powershell(
        "Get-ADComputer -LDAPFilter {}", quoting.ldap_filter("(dNSHostName={})", full_name)
    )
