"""What the doctor says of hosts that nothing proves."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Authentication, Connection, HostSpec
from hyperv_placement.operations.doctor.hosts import unproven_hosts
from tests.estates import stack


def spec(name: str, endpoint: str, auth: Authentication) -> HostSpec:
    """Return a host that is dialled so."""
    return HostSpec(name=HostName(name), endpoint=endpoint, connection=Connection(auth=auth))


def test_ntlm_over_plain_http_proves_no_host() -> None:
    """Said once for all of them; TLS and Kerberos each prove one."""
    hosts = (
        spec("hv1", "http://hv1:5985/wsman", "ntlm"),
        spec("hv2", "https://hv2:5986/wsman", "ntlm"),
        spec("hv3", "http://hv3:5985/wsman", "kerberos"),
        spec("hv4", "http://hv4:5985/wsman", "ntlm"),
    )
    (found,) = unproven_hosts(replace(stack({}), hosts={each.name: each for each in hosts}))
    assert str(found.subject) == "2 hosts (hv1, hv4)"
    assert "auth: kerberos" in found.remedy
    assert not [*unproven_hosts(replace(stack({}), hosts={HostName("hv2"): hosts[1]}))]
