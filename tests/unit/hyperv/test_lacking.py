"""What older builds lack, and what an account may not see: the first is nothing, the second unknown."""

from __future__ import annotations

import pytest

from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.host_facts import read_credential_guard
from hyperv_placement.hyperv.inventory import read_if_allowed, read_virtual_tpm
from hyperv_placement.hyperv.vmm import is_managed_by_vmm
from tests.estates import guid
from tests.unit.winrm.answers import Answering, projected, rows

from .absent_forms import NOT_FOUND, PROVEN, REFUSED_QUERY, UNPROVEN, fault, wmi_error, wsman_fault

INVALID_CLASS = 0x80041010
UNKNOWN_CLASS = UNPROVEN["provider's text"]
"""As a real host refuses a query of one (WinRb/WinRM, soap_fault_v2.xml)."""
GPU = "Msvm_GpuPartitionSettingData"
DEVICE_GUARD = "root/Microsoft/Windows/DeviceGuard"


def host(query: bytes, build: int | None = None, plain: bytes = UNPROVEN["not found"]) -> Answering:
    """Be a host of this build, None for one that does not report it, with these answers to all else."""

    def answer(_: str, question: str) -> bytes:
        if "Win32_OperatingSystem" in question:
            return UNPROVEN["denied"] if build is None else rows(projected(BuildNumber=str(build)))
        return query if " " in question else plain

    return Answering(answer)


@pytest.mark.parametrize(
    "form",
    [
        fault("s:Sender", "n:CannotProcessFilter", wsman_fault(REFUSED_QUERY, INVALID_CLASS)),
        fault("s:Receiver", "w:InternalError", wmi_error(INVALID_CLASS)),
        fault("s:Sender", "a:DestinationUnreachable", wsman_fault(NOT_FOUND, INVALID_CLASS)),
    ],
)
def test_a_class_that_wmi_does_not_know_is_nothing(form: bytes) -> None:
    """One request; the build is not asked for."""
    client = host(form)
    assert read_if_allowed(client, GPU, "InstanceID") == []
    assert len(client.asked) == 1


@pytest.mark.parametrize("form", list(UNPROVEN.values()))
def test_a_class_that_came_later_is_nothing(form: bytes) -> None:
    """Server 2012 R2 has neither assigned devices nor virtual TPMs nor partitions of a GPU (pages of the classes)."""
    client = host(form, 9600)
    assert read_if_allowed(client, GPU, "InstanceID") == []
    assert read_if_allowed(client, "Msvm_PciExpressSettingData", "InstanceID") == []
    assert read_virtual_tpm(client, guid(1)) is False


@pytest.mark.parametrize("build", [17763, 26100, None])
@pytest.mark.parametrize("form", [*UNPROVEN.values(), PROVEN["provider's code"]])
def test_a_class_that_the_build_has_is_unknown(form: bytes, build: int | None) -> None:
    """A refused query and an enumeration that finds nothing prove nothing, nor does a build that is not reported."""
    client = host(form, build)
    assert read_if_allowed(client, GPU, "InstanceID") is None
    assert read_virtual_tpm(client, guid(1)) is None


def test_credential_guard_is_absent_with_its_namespace() -> None:
    """By WMI's code, or by the namespace above."""

    def above(namespace: str, _: str) -> bytes:
        return rows() if namespace == "root/Microsoft/Windows" else UNKNOWN_CLASS

    assert read_credential_guard(Answering(above)) is False
    assert read_credential_guard(host(PROVEN["extended status"])) is False


@pytest.mark.parametrize("form", list(UNPROVEN.values()))
def test_credential_guard_is_unknown_without_proof(form: bytes) -> None:
    """The namespace is there, and its class is not shown."""

    def answer(namespace: str, _: str) -> bytes:
        return form if namespace == DEVICE_GUARD else rows(projected(Name="DeviceGuard"))

    with pytest.raises(PlacementError):
        read_credential_guard(Answering(answer))


def test_no_instance_is_no_answer() -> None:
    """Every host with the class has one instance (win32 page of Win32_DeviceGuard)."""
    with pytest.raises(PlacementError):
        read_credential_guard(host(rows()))


@pytest.mark.parametrize(
    ("services", "managed"),
    [
        ({"vmms": "Running"}, False),
        ({"vmms": "Running", "SCVMMAgent": "Running"}, True),
        ({"vmms": "Running", "SCVMMAgent": "Stopped"}, False),
        ({"SCVMMAgent": "Running"}, True),
        ({}, None),
    ],
)
def test_services_that_are_not_shown_may_be_there(services: dict[str, str], *, managed: bool | None) -> None:
    """An account that may not see Hyper-V's own service sees none that could be hidden from it."""
    shown = [projected(Name=name, State=state) for name, state in services.items()]
    assert is_managed_by_vmm(host(rows(*shown))) is managed
