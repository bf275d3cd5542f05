"""A host is called by what reaching it proves, or by what the stack file declares: what it reports alone goes nowhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.estate.generated import generate
from providers.errors import MoveRefusedError
from providers.hyperv.estate import Estate
from providers.hyperv.proof import proven_names
from providers.model.names import HostName
from providers.model.own_name import doubt, own_name
from providers.model.stack import HostSpec
from tests.fabric.conftest import Fabric, Maker

pytestmark = pytest.mark.lab
HV1, HV2 = HostName("hv1"), HostName("hv2")


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


def test_nothing_is_ordered_to_a_host_that_reports_another_ones_name(make_fabric: Maker) -> None:
    """Its machines can still leave it, and the others go on among themselves."""
    fabric = make_fabric(generate(hosts=3, vms=3))
    fabric.world.hosts["hv1"].claims = "hv3"
    homes = {str(vm.host): vm.name for vm in fabric.closely().vms()}
    with pytest.raises(MoveRefusedError, match="hv1"):
        fabric.run(fabric.order(homes["hv2"], "hv1", **_folder(homes["hv2"])))
    assert fabric.lab_vm(homes["hv2"]).host == "hv2"
    assert fabric.run(fabric.order(homes["hv2"], "hv3", **_folder(homes["hv2"]))).host == "hv3"
    assert fabric.run(fabric.order(homes["hv1"], "hv2", **_folder(homes["hv1"]))).host == "hv2"


def _folder(name: str) -> dict[str, str]:
    folder = f"D:\\Elsewhere\\{name}"
    return {"config": folder, "checkpoints": folder, "paging": folder}
