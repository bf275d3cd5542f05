"""winrm/config: limits and logins of a host's service, for administrators."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.wsman import EndpointReference, Get, encode_request, xml
from lab.directory.accounts import HOST_OPERATORS
from lab.service.configuration import URI
from tests.unit.lab.conftest import estate, machine

from .conftest import MAKER, Desk


def config(at: Desk) -> bytes:
    """Get it."""
    message = Get(target=EndpointReference(URI))
    return at.post(encode_request(message, to="https://hv1/wsman", message_id="7"))


def test_the_limits_are_those_in_force(desk: MAKER) -> None:
    """The envelope is that of a Get; the values are the host's."""
    at = desk(estate(machine("WEB01")))
    at.service.host.credssp = False
    at.service.host.winrm.max_batch_items = 20
    root = xml.parse(config(at))
    (found,) = root.iter(f"{{{URI}}}Config")
    assert xml.child_text(found, URI, "MaxEnvelopeSizekb") == "500"
    assert xml.child_text(found, URI, "MaxBatchItems") == "20"
    auth = next(found.iter(f"{{{URI}}}Auth"))
    assert xml.child_text(auth, URI, "CredSSP") == "false"
    assert "uuid:7" in xml.text_of(root[0])


def test_administrators_alone_read_it(desk: MAKER) -> None:
    """An operator of Hyper-V is refused."""
    at = desk(estate(machine("WEB01")))
    user = replace(at.caller.user, groups=frozenset({HOST_OPERATORS}))
    at.caller = replace(at.caller, user=user)
    assert b"Access" in config(at)
    assert b"MaxBatchItems" not in config(at)
