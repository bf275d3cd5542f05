"""A host is called by what reaching it proves, or by what the stack file declares: what it reports alone goes nowhere."""

from __future__ import annotations

import socket
import ssl
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.errors import MoveRefusedError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.admission import Admission
from hyperv_placement.model.names import HostName
from hyperv_placement.model.own_name import doubt, own_name
from hyperv_placement.model.stack import Connection, HostSpec
from hyperv_placement.winrm.proof import proven_names
from lab.estate.generated import generate
from lab.home import certificates
from tests.fabric.conftest import Fabric, Maker

pytestmark = pytest.mark.lab
HV2 = HostName("hv2")


def _over_http(fabric: Fabric, account: str | None = None) -> HostSpec:
    spec = fabric.spec("hv2")
    return replace(spec, endpoint=fabric.world.hosts["hv2"].http_url, account=account)


def test_a_certificate_with_one_full_name_proves_it_where_an_address_is_dialled(make_fabric: Maker) -> None:
    """Over plain HTTP nothing does; a declared name needs no proof."""
    fabric = make_fabric(generate(hosts=2, vms=0))
    assert proven_names(fabric.spec("hv2")) == ("hv2.lab.example",)
    assert proven_names(_over_http(fabric)) == ()
    estates = (
        Estate({HV2: spec}, clock=fabric.clock)
        for spec in (_over_http(fabric), _over_http(fabric, account="HV2.lab.example"))
    )
    unproven, declared = (estate.facts(HV2) for estate in estates)
    assert own_name(unproven) is None
    assert own_name(declared) == "hv2.lab.example"
    why = doubt(HV2, unproven)
    assert why is not None
    assert "write account: hv2.lab.example under hosts.hv2" in why.remedy


def test_a_suffix_that_is_not_the_domain_is_declared_and_machines_go_there_by_it(make_fabric: Maker) -> None:
    """The host reports its domain; a name of more than 15 characters is one, too. Without the key nothing goes there."""
    spec = generate(hosts=2, vms=1)
    hv1, hv2 = spec.hosts
    there = replace(hv2, computer_name="hyperv-frankfurt-01", dns_suffix="dc.lab.example")
    fabric = make_fabric(replace(spec, hosts=(hv1, there)))
    full = "hyperv-frankfurt-01.dc.lab.example"
    undeclared = fabric.estate.facts(HV2)
    assert (undeclared.full_name, undeclared.computer_name) == (
        "hyperv-frankfurt-01.lab.example",
        "HYPERV-FRANKFUR",
    )
    assert own_name(undeclared) is None
    why = doubt(HV2, undeclared)
    assert why is not None
    assert f"write full_name: {full} under hosts.hv2" in why.remedy
    with pytest.raises(MoveRefusedError, match="Nothing proves that hv2"):
        fabric.run(fabric.order("VM001", "hv2"))
    fabric.estate = Estate({**fabric.specs, HV2: fabric.spec("hv2", full_name=full)}, clock=fabric.clock)
    fabric.admission = Admission(fabric.estate, clock=fabric.clock)
    assert own_name(fabric.estate.facts(HV2)) == full
    fabric.run(fabric.order("VM001", "hv2"))
    assert fabric.lab_vm("VM001").host == "hv2"
    assert fabric.world.state.violations == []


@pytest.mark.parametrize(
    ("names", "proven"),
    [
        (("hv2.lab.example", "hv2"), ("hv2.lab.example",)),
        (("hv2.lab.example", "hv1.lab.example"), ()),
        (("*.lab.example", "hv2"), ()),
        (("hv2", "hv2-old"), ()),
    ],
)
def test_a_certificate_of_several_names_or_a_wildcard_proves_none(
    tmp_path: Path, names: tuple[str, str], proven: tuple[str, ...]
) -> None:
    """Of such a certificate, which hosts share, one could choose the name of another."""
    certificates.issue_server(tmp_path, names[1], names[0], "127.0.0.1")
    credentials = tmp_path / "c.yaml"
    credentials.touch(0o600)
    credentials.write_text("username: somebody\npassword: unused\n", encoding="utf-8")
    context = certificates.server_context(tmp_path, names[1])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served = threading.Thread(target=_shake_hands, args=(listener, context))
        served.start()
        connection = Connection(credentials=credentials, ca=tmp_path / certificates.CA_FILE)
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/wsman"
        found = proven_names(HostSpec(name=HV2, endpoint=url, connection=connection))
        served.join()
    assert found == proven


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    plain, _ = listener.accept()
    with context.wrap_socket(plain, server_side=True) as secure:
        assert secure.recv(1) == b""


@pytest.mark.parametrize(
    ("endpoint", "connection", "proven"),
    [
        ("https://hv2.corp.example:5986/wsman", Connection(), ("hv2.corp.example",)),
        ("http://hv2.corp.example:5985/wsman", Connection(), ()),
        ("http://hv2.corp.example:5985/wsman", Connection(auth="credssp", kerberos_host="hv2.corp.example"), ()),
        ("http://hv2.corp.example:5985/wsman", Connection(auth="kerberos"), ("hv2.corp.example",)),
        ("http://10.0.0.2:5985/wsman", Connection(auth="kerberos"), ()),
        ("http://10.0.0.2:5985/wsman", Connection(auth="kerberos", kerberos_host="hv2.corp.example"), ("hv2.corp.example",)),
        ("https://10.0.0.2:5986/wsman", Connection(proxy="http://proxy:3128"), ()),
        ("https://[2001:db8::2]:5986/wsman", Connection(proxy="http://proxy:3128"), ()),
    ],
)  # fmt: skip
def test_what_the_way_to_a_host_proves(
    endpoint: str, connection: Connection, proven: tuple[str, ...]
) -> None:
    """Plain HTTP proves a name by Kerberos alone; nothing is dialled to know that."""
    assert proven_names(HostSpec(name=HV2, endpoint=endpoint, connection=connection)) == proven


def test_nothing_is_ordered_to_a_host_that_reports_another_ones_name(make_fabric: Maker) -> None:
    """Its machines can still leave it, and the others go on among themselves."""
    fabric = make_fabric(generate(hosts=3, vms=3))
    fabric.world.hosts["hv1"].claims = "hv3"
    homes = {str(vm.host): vm.name for vm in fabric.inventory().vms()}
    with pytest.raises(MoveRefusedError, match="hv1"):
        fabric.run(fabric.order(homes["hv2"], "hv1", **_folder(homes["hv2"])))
    assert fabric.lab_vm(homes["hv2"]).host == "hv2"
    assert fabric.run(fabric.order(homes["hv2"], "hv3", **_folder(homes["hv2"]))).host == "hv3"
    assert fabric.run(fabric.order(homes["hv1"], "hv2", **_folder(homes["hv1"]))).host == "hv2"


def _folder(name: str) -> dict[str, str]:
    folder = f"D:\\Elsewhere\\{name}"
    return {"config": folder, "checkpoints": folder, "paging": folder}
