"""An estate read from a YAML file, every error with its place in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from hyperv_placement.model.units import TIB
from lab.world.builds import BUILDS, DEFAULT_BUILD
from lab.world.limits import WinrmLimits

from .machines import read_machine
from .nodes import Node, mib, one_of, size, text, texts, whole, yes_or_no
from .spec import (
    DEFAULT_SEED,
    DEFAULT_SWITCH,
    LOCALES,
    EstateError,
    EstateSpec,
    HostSpec,
    ShareSpec,
    VolumeSpec,
)

_AUTHENTICATION = {"credssp": 0, "kerberos": 1}
_VENDORS = {"intel": "GenuineIntel", "amd": "AuthenticAMD"}
_LOCALES = {name: name for name in LOCALES}


def read_estate(path: Path, *, seed: int | None = None) -> EstateSpec:
    """Return the estate in `path`; `seed` overrides the file's own. Raises EstateError or OSError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        _check_is_text(content)
        return _estate(Node(content, "estate"), seed)
    except (yaml.YAMLError, UnicodeDecodeError, EstateError) as error:
        raise EstateError(f"{path}: {' '.join(str(error).split())}") from error


def _check_is_text(content: Any) -> None:
    """Raise EstateError for an escape that is half a character, which no file and no message can hold."""
    try:
        json.dumps(content, ensure_ascii=False, default=str, skipkeys=True).encode("utf-8")
    except UnicodeEncodeError as error:
        raise EstateError(
            f"{error.object[error.start : error.end]!r} is half a character; write the whole one"
        ) from error


def _estate(node: Node, seed: int | None) -> EstateSpec:
    limit = node.take("migration_limit", whole, 2)
    own = node.take("seed", whole, DEFAULT_SEED)
    spec = EstateSpec(
        seed=own if seed is None else seed,
        domain=node.take("domain", text, "lab.example"),
        combined_move_takes=node.take(
            "combined_move_takes", one_of({"both": "both", "live": "live"}), "both"
        ),
        hosts=tuple(
            _host(name, Node(entry or {}, f"hosts.{name}"), limit) for name, entry in node.children("hosts")
        ),
        shares=tuple(_share(name, Node(entry, f"shares.{name}")) for name, entry in node.children("shares")),
        vms=tuple(read_machine(name, Node(entry, f"vms.{name}")) for name, entry in node.children("vms")),
    )
    node.close()
    return spec


def _host(name: str, node: Node, limit: int) -> HostSpec:
    spec = HostSpec(
        name=name,
        memory_mib=node.take("memory", mib, 64 * 1024),
        volumes=tuple(_volume(path, entry, node.where) for path, entry in node.children("volumes"))
        or tuple(VolumeSpec(path=f"{letter}:\\", capacity_bytes=2 * TIB) for letter in "CDE"),
        switches=node.take("switches", texts, (DEFAULT_SWITCH,)),
        max_live=node.take("max_live", whole, limit),
        max_storage=node.take("max_storage", whole, limit),
        migration_enabled=node.take("migration_enabled", yes_or_no, default=True),
        authentication=node.take("authentication", one_of(_AUTHENTICATION), 1),
        cluster=node.take("cluster", text),
        guardians=node.take("guardians", texts, ()),
        **_processor(node),
        versions=node.take("versions", texts, ()),
        fibre_channel=node.take("fibre_channel", texts, ()),
        locale=node.take("locale", one_of(_LOCALES), "en-US"),
        build=node.take("build", _build, DEFAULT_BUILD),
        winrm=_winrm(node),
    )
    node.close()
    return spec


def _processor(host: Node) -> dict[str, Any]:
    node = Node(host.take("processor", dict, {}), f"{host.where}.processor")
    found = {
        "processor_vendor": node.take("vendor", one_of(_VENDORS), "GenuineIntel"),
        "processor_generation": node.take("generation", whole, 1),
    }
    node.close()
    return found


def _winrm(host: Node) -> WinrmLimits:
    node = Node(host.take("winrm", dict, {}), f"{host.where}.winrm")
    plain = WinrmLimits()
    limits = WinrmLimits(
        **{each.name: node.take(each.name, whole, getattr(plain, each.name)) for each in fields(WinrmLimits)}
    )
    node.close()
    return limits


def _volume(path: str, entry: Any, where: str) -> VolumeSpec:
    if not isinstance(entry, Mapping):
        entry = {"capacity": entry}
    node = Node(entry, f"{where}.volumes.{path}")
    spec = VolumeSpec(
        path=path if path.endswith("\\") else path + "\\",
        capacity_bytes=node.need("capacity", size),
        used_bytes=node.take("used", size, 0),
    )
    node.close()
    return spec


def _share(path: str, node: Node) -> ShareSpec:
    spec = ShareSpec(
        path=path.rstrip("\\"),
        capacity_bytes=node.take("capacity", size, 10 * TIB),
        hosts=node.need("hosts", texts),
    )
    node.close()
    return spec


def _build(value: Any) -> int:
    """Return a release (2019, 2012R2) as its build number."""
    return int(one_of(BUILDS)(str(value).upper()))
