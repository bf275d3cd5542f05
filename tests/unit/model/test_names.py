"""GUIDs as keys."""

from __future__ import annotations

import pytest

from providers.model.names import is_guid, vm_id

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
