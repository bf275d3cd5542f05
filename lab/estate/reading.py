"""An estate read from a YAML file, every error with its place in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from hyperv_placement.model.units import GIB, MIB, TIB, parse_bytes
from lab.world.builds import BUILDS, DEFAULT_BUILD
from lab.world.limits import WinrmLimits
from lab.world.objects import DVD, FILELESS, ISO, OFF, PASS_THROUGH, PAUSED, RUNNING, SAVED, VHD

from .spec import (
    DEFAULT_SEED,
    DEFAULT_SWITCH,
    LOCALES,
    DiskSpec,
    EstateError,
    EstateSpec,
    HostSpec,
    ShareSpec,
    VmSpec,
    VolumeSpec,
)

_STATES = {"running": RUNNING, "off": OFF, "saved": SAVED, "paused": PAUSED}
_ROLES = {"none": 0, "primary": 1, "replica": 2}
_AUTHENTICATION = {"credssp": 0, "kerberos": 1}
_KINDS = {"vhd": VHD, "iso": ISO, "pass-through": PASS_THROUGH, "dvd": DVD}
_VENDORS = {"intel": "GenuineIntel", "amd": "AuthenticAMD"}
_LOCALES = {name: name for name in LOCALES}


class _Node:
    """A mapping of the file, and where it stands; each key is taken once, what is left over is an error."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, Mapping):
            raise EstateError(f"{where}: a mapping is wanted here, not {value!r}")
        self.where = where
        self._left = dict(value)

    def take(self, key: str, read: Callable[[Any], Any], default: Any = None) -> Any:
        """Return the value of `key` as `read` understands it, `default` where it is missing."""
        if key not in self._left:
            return default
        value = self._left.pop(key)
        try:
            return read(value)
        except (ValueError, TypeError, KeyError) as error:
            said = str(error) if isinstance(error, ValueError) else f"{value!r} is not understood"
            raise EstateError(f"{self.where}.{key}: {said}") from error

    def need(self, key: str, read: Callable[[Any], Any]) -> Any:
        """Return the value of `key`, which must be there."""
        if key not in self._left:
            raise EstateError(f"{self.where}: {key} is missing")
        return self.take(key, read)

    def children(self, key: str) -> list[tuple[str, Any]]:
        """Return the entries of the mapping `key`."""
        value = self._left.pop(key, None) or {}
        if not isinstance(value, Mapping):
            raise EstateError(f"{self.where}.{key}: a mapping is wanted here, not {value!r}")
        return [(str(name), entry) for name, entry in value.items()]

    def close(self) -> None:
        """Refuse the keys that nothing has read."""
        if self._left:
            raise EstateError(f"{self.where}: unknown {', '.join(map(repr, self._left))}")


def read_estate(path: Path, *, seed: int | None = None) -> EstateSpec:
    """Return the estate in `path`; `seed` overrides the file's own. Raises EstateError or OSError."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        _check_is_text(content)
        return _estate(_Node(content, "estate"), seed)
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


def _estate(node: _Node, seed: int | None) -> EstateSpec:
    limit = node.take("migration_limit", _whole, 2)
    own = node.take("seed", _whole, DEFAULT_SEED)
    spec = EstateSpec(
        seed=own if seed is None else seed,
        domain=node.take("domain", _text, "lab.example"),
        combined_move_takes=node.take(
            "combined_move_takes", _one_of({"both": "both", "live": "live"}), "both"
        ),
        hosts=tuple(
            _host(name, _Node(entry or {}, f"hosts.{name}"), limit) for name, entry in node.children("hosts")
        ),
        shares=tuple(_share(name, _Node(entry, f"shares.{name}")) for name, entry in node.children("shares")),
        vms=tuple(_vm(name, _Node(entry, f"vms.{name}")) for name, entry in node.children("vms")),
    )
    node.close()
    return spec


def _host(name: str, node: _Node, limit: int) -> HostSpec:
    spec = HostSpec(
        name=name,
        memory_mib=node.take("memory", _mib, 64 * 1024),
        volumes=tuple(_volume(path, entry, node.where) for path, entry in node.children("volumes"))
        or tuple(VolumeSpec(path=f"{letter}:\\", capacity_bytes=2 * TIB) for letter in "CDE"),
        switches=node.take("switches", _texts, (DEFAULT_SWITCH,)),
        max_live=node.take("max_live", _whole, limit),
        max_storage=node.take("max_storage", _whole, limit),
        migration_enabled=node.take("migration_enabled", _yes_or_no, default=True),
        authentication=node.take("authentication", _one_of(_AUTHENTICATION), 1),
        cluster=node.take("cluster", _text),
        guardians=node.take("guardians", _texts, ()),
        **_processor(node),
        versions=node.take("versions", _texts, ()),
        fibre_channel=node.take("fibre_channel", _texts, ()),
        locale=node.take("locale", _one_of(_LOCALES), "en-US"),
        build=node.take("build", _build, DEFAULT_BUILD),
        winrm=_winrm(node),
    )
    node.close()
    return spec


def _processor(host: _Node) -> dict[str, Any]:
    node = _Node(host.take("processor", dict, {}), f"{host.where}.processor")
    found = {
        "processor_vendor": node.take("vendor", _one_of(_VENDORS), "GenuineIntel"),
        "processor_generation": node.take("generation", _whole, 1),
    }
    node.close()
    return found


def _winrm(host: _Node) -> WinrmLimits:
    node = _Node(host.take("winrm", dict, {}), f"{host.where}.winrm")
    plain = WinrmLimits()
    limits = WinrmLimits(
        **{each.name: node.take(each.name, _whole, getattr(plain, each.name)) for each in fields(WinrmLimits)}
    )
    node.close()
    return limits


def _volume(path: str, entry: Any, where: str) -> VolumeSpec:
    if not isinstance(entry, Mapping):
        entry = {"capacity": entry}
    node = _Node(entry, f"{where}.volumes.{path}")
    spec = VolumeSpec(
        path=path if path.endswith("\\") else path + "\\",
        capacity_bytes=node.need("capacity", _size),
        used_bytes=node.take("used", _size, 0),
    )
    node.close()
    return spec


def _share(path: str, node: _Node) -> ShareSpec:
    spec = ShareSpec(
        path=path.rstrip("\\"),
        capacity_bytes=node.take("capacity", _size, 10 * TIB),
        hosts=node.need("hosts", _texts),
    )
    node.close()
    return spec


def _vm(label: str, node: _Node) -> VmSpec:
    name = node.take("name", _text, label)
    folder = node.take("folder", _text, f"D:\\Hyper-V\\{name}")
    spec = VmSpec(
        name=name,
        host=node.need("host", _text),
        folder=folder,
        id=node.take("id", _text),
        **_memory(node),
        enabled_state=node.take("state", _one_of(_STATES), RUNNING),
        disks=tuple(
            _disk(entry, folder, f"{node.where}.disks[{number}]")
            for number, entry in enumerate(node.take("disks", _list, [f"{name}.vhdx"]))
        ),
        checkpoints=node.take("checkpoints", _texts, ()),
        replication_mode=node.take("replication", _one_of(_ROLES), 0),
        clustered=node.take("clustered", _yes_or_no, default=False),
        vtpm=node.take("vtpm", _yes_or_no, default=False),
        heartbeat=node.take("heartbeat", _yes_or_no, default=True),
        generation=node.take("generation", _one_of({1: 1, 2: 2}), 2),
        switches=node.take("switches", _texts, (DEFAULT_SWITCH,)),
        version=node.take("version", _text),
        processor_limited=node.take("processor_compatibility", _yes_or_no, default=False),
        assigned_devices=node.take("assigned_devices", _whole, 0),
        gpu_partitions=node.take("gpu_partitions", _whole, 0),
        fibre_channel=node.take("fibre_channel", _texts, ()),
    )
    node.close()
    return spec


def _memory(vm: _Node) -> dict[str, Any]:
    """Return a size, static, or a mapping with what it starts with, has at least, at most, and now."""
    given = vm.take("memory", lambda value: value, "4 GiB")
    if not isinstance(given, Mapping):
        given = {"startup": given}
    node = _Node(given, f"{vm.where}.memory")
    startup = node.need("startup", _mib)
    dynamic = len(given) > 1
    found = {
        "memory_mib": startup,
        "memory_minimum_mib": node.take("minimum", _mib, startup if dynamic else None),
        "memory_maximum_mib": node.take(
            "maximum", _mib, 1024 * 1024 if dynamic else None
        ),  # New-VM's own: 1 TiB
        "memory_now_mib": node.take("now", _mib),
    }
    node.close()
    return found


def _disk(entry: Any, folder: str, where: str) -> DiskSpec:
    """Return a disk: a file name or path alone, or a mapping with `path`."""
    if isinstance(entry, str):
        entry = {"path": entry}
    node = _Node(entry, where)
    kind = node.take("kind", _one_of(_KINDS), VHD)
    path = node.take("path", _text, "") if kind == DVD else node.need("path", _text)
    spec = DiskSpec(
        path=path if "\\" in path or kind in FILELESS else f"{folder}\\Virtual Hard Disks\\{path}",
        size_bytes=node.take("size", _size, 12 * GIB),
        virtual_bytes=node.take("virtual_size", _size, 127 * GIB),
        kind=kind,
        shared=node.take("shared", _yes_or_no, default=False),
        parent=node.take("parent", _text),
        slot=node.take("slot", _text),
    )
    node.close()
    return spec


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is no text")
    return value


def _build(value: Any) -> int:
    """Return a release (2019, 2012R2) as its build number."""
    return int(_one_of(BUILDS)(str(value).upper()))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"a list is wanted here, not {value!r}")  # noqa: TRY004 - a finding in a file
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(item) for item in _list(value))


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no whole number")
    return value


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")  # noqa: TRY004 - a finding in a file
    return value


def _size(value: Any) -> int:
    return parse_bytes(_text(value))


def _mib(value: Any) -> int:
    return _size(value) // MIB


def _one_of(choices: Mapping[Any, Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        # YAML 1.1 reads the word `off` as false
        word = "off" if value is False and "off" in choices else value
        if word not in choices:
            raise ValueError(f"{value!r} is not one of {', '.join(map(str, choices))}")
        return choices[word]

    return read
