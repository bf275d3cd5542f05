"""What the lab does not serve says so, in the shape of a host's fault."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import Fault, catalogue
from lab.wmi.refusal import NotServedError, RequestRefusedError, not_served


@pytest.mark.parametrize(
    "shape",
    [
        catalogue.action_not_supported("hv1"),
        catalogue.cannot_process_filter("hv1", "Invalid query "),
        catalogue.internal_error("hv1", catalogue.INVALID_METHOD, "Invalid method "),
        catalogue.missing_header("To"),
    ],
)
def test_the_words_change_and_the_shape_stays(shape: Fault) -> None:
    """Code, subcode and machine are the host's; the text that a client shows is the lab's."""
    refused = not_served(shape, "DefineSystem")
    assert isinstance(refused, NotServedError)
    assert isinstance(refused, RequestRefusedError)
    assert refused.what == "DefineSystem"
    fault = refused.fault
    assert (fault.code, fault.subcode, fault.wsman_code, fault.machine) == (
        shape.code,
        shape.subcode,
        shape.wsman_code,
        shape.machine,
    )
    assert str(fault).startswith("Not served by the lab: DefineSystem")
    assert fault.reason == "Not served by the lab: DefineSystem. "
