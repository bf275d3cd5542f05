"""The list itself: CycloneDX 1.6 in JSON, the same bytes from the same locks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.sbom.licences import unwelcome
from tools.sbom.locks import Pin

FILE = "sbom.cdx.json"
_SPACE = uuid.UUID("8f6c2b1e-4a57-4c0e-9c62-6f3e4f6f9a10")
"""Of serial numbers: the same components have the same number, and others another one."""
_GO_SUM = "go:sum"


def document(pins: Sequence[Pin], licences: Mapping[str, str]) -> dict[str, Any]:
    """Return the list. `licences`: package URL -> SPDX expression."""
    components = [_component(pin, licences.get(pin.purl, "")) for pin in pins]
    serial = uuid.uuid5(_SPACE, json.dumps(components, sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "hyperv-placement",
                "name": "hyperv-placement",
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": components,
    }


def written(content: Mapping[str, Any]) -> str:
    """Return the list as it lies in the file."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def kept(project: Path) -> dict[str, str]:
    """Return the licences in the file as it is, package URL -> expression; none where there is no file."""
    try:
        content = json.loads((project / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {one["bom-ref"]: _expression(one) for one in content["components"]}


def known(pins: Sequence[Pin], before: Mapping[str, str], read: Callable[[Pin], str]) -> dict[str, str]:
    """Return each pin's licence: as this machine reads it, else as the file had it for this very version."""
    return {pin.purl: read(pin) or before.get(pin.purl, "") for pin in pins}


def flaws(pins: Sequence[Pin], found: Mapping[str, Any], read: Callable[[Pin], str]) -> list[str]:
    """Return what is wrong with a list: other components than the locks have, or a licence that is not allowed."""
    licences = {one["bom-ref"]: _expression(one) for one in found["components"]}
    lines = [
        f"{pin.purl}: {', '.join(words)} is not on the list of allowed licences"
        for pin in pins
        if (words := unwelcome(licences.get(pin.purl, "")))
    ]
    if document(pins, known(pins, licences, read)) != found:
        lines.append(f"{FILE} is not what the locks say. Run: make sbom")
    return lines


def _component(pin: Pin, licence: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "scope": pin.scope,
        "purl": pin.purl,
    }
    if licence:
        result["licenses"] = [{"expression": licence}]
    if pin.hashes:
        # One file of these is installed, by system and Python: each is a digest of a file, none of the component.
        result["properties"] = [{"name": "pypi:sha256", "value": digest} for digest in pin.hashes]
    if pin.sum:
        result["properties"] = [{"name": _GO_SUM, "value": pin.sum}]
    return result


def _expression(component: Mapping[str, Any]) -> str:
    licences = component.get("licenses") or [{}]
    return str(licences[0].get("expression", ""))
