"""Which objects of the directory are read whole, as accounts of hosts."""

from __future__ import annotations

import pytest

from hyperv_placement.directory.accounts import related
from hyperv_placement.directory.messages import Entry
from hyperv_placement.planning.delegation.entries import services_of
from hyperv_placement.planning.delegation.host_accounts import judged

NAME = "hv2.corp.example"
SID = bytes.fromhex("0105000000000005150000000100000002000000030000005a040000")


def entry(full_name: str, *classes: str) -> Entry:
    """Return an account with a host's services."""
    attributes = {
        "dnshostname": (full_name.encode(),),
        "useraccountcontrol": (b"4096",),
        "objectsid": (SID,),
        "samaccountname": (b"HV2$",),
        "serviceprincipalname": tuple(each.encode() for each in services_of(NAME)),
        "msds-allowedtodelegateto": (b"cifs/files.corp.example",),
        "objectclass": tuple(each.encode() for each in ("user", "computer", *classes)),
    }
    return Entry(dn="CN=HV2", attributes=attributes)


@pytest.mark.parametrize("spelled", [NAME, "HV2.corp.example", "hv2.corp.example."])
def test_a_hosts_account_is_read_whole_however_its_name_is_spelled(spelled: str) -> None:
    """With the dot of the root, too: half of it would pass for an account that may delegate nothing."""
    found = judged([NAME], [related(entry(spelled), {NAME})]).fit[NAME]
    assert found.allowed_to_delegate == {"cifs/files.corp.example"}
    assert found.sid == "S-1-5-21-1-2-3-1114"
    assert found.full_name.lower() == NAME


@pytest.mark.parametrize("spelled", [NAME, "hv2.corp.example."])
def test_a_managed_service_account_is_no_host_however_its_name_is_spelled(spelled: str) -> None:
    """Who makes one gives it any name."""
    managed = related(entry(spelled, "msDS-GroupManagedServiceAccount"), {NAME})
    assert "is no computer's" in judged([NAME], [managed]).unfit[NAME].why
