"""A Japanese host speaks Japanese: every text has its words, and names and codes come through."""

from __future__ import annotations

import inspect
import re
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hyperv_placement.wsman import Fault, catalogue
from lab.wmi import refusal
from lab.wmi.japanese import INSTANCES, RECORDED, translated
from lab.wmi.texts import ENGLISH, spoken
from lab.world import texts as vmms
from tests.recordings import names, recording

GUID = "6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3"
VM = SimpleNamespace(name="WEB01", id=GUID, version="12.0")
HOST = SimpleNamespace(computer_name="HV1")
_WORDS = re.compile(r"[぀-ヿ一-鿿]")


def said_by_vmms() -> dict[str, str]:
    """Return everything that VMMS can say, by the name in its module."""
    found = {}
    for name, value in vars(vmms).items():
        if isinstance(value, str) and name.isupper():
            found[name] = value.format(host="HV1", vm="WEB01", path="D:\\x", parent="D:\\y", what="device")
        elif inspect.isfunction(value) and value.__module__ == vmms.__name__:
            given: dict[str, Any] = {"vm": VM, "source": HOST, "destination": HOST, "kind": 32771, "limit": 2}
            wanted = inspect.signature(value).parameters
            found[name] = cast("str", value(**{key: given.get(key, "D:\\x") for key in wanted}))
    return found


def faults() -> dict[str, Fault]:
    """Return every fault that a host of the lab answers."""
    given = {"machine": "hv1", "text": "Invalid query ", "code": 2147942402, "header": "Odd", "name": "To"}
    given |= {"detail": "Locale"}
    found = {}
    for module in (catalogue, refusal):
        for name, value in inspect.getmembers(module, inspect.isfunction):
            wanted = inspect.signature(value).parameters
            if (
                value.__module__ == module.__name__
                and not name.startswith("_")
                and wanted.keys() <= given.keys()
            ):
                found[name] = value(**{key: given[key] for key in wanted})
    return found


def test_every_text_of_an_instance_has_its_japanese() -> None:
    """No key without words, none that nobody uses; two stay as recorded."""
    assert INSTANCES.keys() == ENGLISH.keys()
    assert {key for key, text in INSTANCES.items() if not _WORDS.search(text)} == {"vm-description", "ok"}


def test_recorded_texts_are_the_recorded_ones() -> None:
    """Each of them stands in some recording, word by word."""
    content = "".join(recording(name).content.decode() for name in names())
    assert {key for key, text in RECORDED.items() if f">{text}<" not in content} == set()


@pytest.mark.parametrize(("name", "text"), said_by_vmms().items())
def test_what_vmms_says_is_translated(name: str, text: str) -> None:
    """Names in quotes, GUIDs and codes are the same, the words are not. A new text needs a line in japanese.py."""
    japanese = translated(text)
    assert _WORDS.search(japanese), f"{name} in lab/world/texts.py wants its line in lab/wmi/japanese.py"
    for kept in re.findall(r"0x[0-9A-F]+|'[^'\s]+'", text):
        assert kept in japanese
    assert (GUID in japanese) == (GUID in text)


@pytest.mark.parametrize(("name", "fault"), faults().items())
def test_what_the_service_says_is_translated(name: str, fault: Fault) -> None:
    """Reason and every message of each fault."""
    for text in (fault.reason, *fault.texts):
        assert _WORDS.search(translated(text)), (name, text)


def test_an_operator_s_own_words_stay() -> None:
    """A text that nobody translated is said as it is; an English host translates nothing."""
    assert spoken("Out of coffee", "ja-JP") == "Out of coffee"
    assert spoken(vmms.CANCELLED, "en-US") == vmms.CANCELLED
