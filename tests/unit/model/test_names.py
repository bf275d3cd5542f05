"""GUIDs as keys."""

from __future__ import annotations

import pytest

from hyperv_placement.model.names import dns_name, is_guid, natural, vm_id

GUID = "6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3"


@pytest.mark.parametrize("spelled", [GUID, GUID.lower(), f"{{{GUID}}}", f"{{{GUID.lower()}}}"])
def test_every_spelling_of_a_guid_is_one_key(spelled: str) -> None:
    """Case and braces do not make two machines of one."""
    assert is_guid(spelled)
    assert vm_id(spelled) == GUID


@pytest.mark.parametrize(
    "text", ["", "VM001", GUID[:-1], GUID + "0", GUID.replace("-", ""), f" {GUID}", GUID.replace("6", "g", 1)]
)
def test_a_label_is_no_guid(text: str) -> None:
    """Names are never taken for keys."""
    assert not is_guid(text)
    with pytest.raises(ValueError, match="is no GUID"):
        vm_id(text)


@pytest.mark.parametrize(
    "name", ["hv1", "HV_1", "hv1.lab.example", "hv1.lab.example.", "_x", "a" * 63, ".".join(["a" * 61] * 4)]
)
def test_a_name_of_dns_is_one(name: str) -> None:
    """Short or full, with the dot of the root or without; Windows lets underscores stand."""
    assert dns_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "hv1..lab", "-hv1", "hv1-.lab", "a" * 64, ".".join(["a" * 61] * 5), "hv 1", "hv1\n", "hv1\u202e", "x$(iex $env:TEMP)", "'; calc #",
        "hv1/x", "h*", "hv\u00fc1", "hv1;x", "hv1`", "\uff48v1",
    ],
)  # fmt: skip
def test_anything_else_is_no_name_of_a_host(name: str) -> None:
    """A host that reports such a one is not believed in the rest."""
    assert not dns_name(name)


def test_names_sort_as_people_count() -> None:
    """Numbers by their size, however long, letters without case; equal but for zeros or case, they keep one order."""
    wanted = [
        "9",
        "10",
        "hv",
        "hv01",
        "hv1",
        "HV2",
        "hv2",
        "hv2b",
        "hv10",
        "hv10-1",
        "hv10-12",
        f"hv{'9' * 5000}",
    ]
    assert sorted({*wanted}, key=natural) == wanted
