"""An estate read from a YAML file, every error with its place in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from hyperv_placement.model.units import TIB
from lab.world.builds import BUILDS, DEFAULT_BUILD
from lab.world.limits import WinrmLimits
from lab.world.objects import ABSENT_FORMS, CLUSTER_RUNS, CLUSTER_STOPPED, NO_CLUSTER_MADE

from .machines import read_machine
from .networks import read_switches
from .nodes import Node, a_list, mib, one_of, seconds, size, text, texts, whole, yes_or_no
from .spec import (
    DEFAULT_SEED,
    LOCALES,
    EstateError,
    EstateSpec,
    HostSpec,
    NetworkSpec,
    ShareSpec,
    VolumeSpec,
)
from .states import BEATS

_AUTHENTICATION = {"credssp": 0, "kerberos": 1}
_VENDORS = {"intel": "GenuineIntel", "amd": "AuthenticAMD"}
_MOST_NODES = 64
_LOCALES = {name: name for name in LOCALES}
_ABSENT_FORMS = {name: name for name in ABSENT_FORMS}
_CLUSTER_SERVICES = {name: name for name in (CLUSTER_RUNS, CLUSTER_STOPPED, NO_CLUSTER_MADE)}


def read_estate(path: Path, *, seed: int | None = None) -> EstateSpec:
    """Return the estate in `path`; `seed` overrides the file's own. Raises EstateError or OSError."""
    try:
        return _estate(Node(_loaded(path.read_text(encoding="utf-8")), "estate"), seed)
    except (yaml.YAMLError, UnicodeDecodeError, EstateError) as error:
        raise EstateError(f"{path}: {' '.join(str(error).split())}") from error


class _Loader(yaml.SafeLoader):
    """YAML whose mappings have each key once: of two machines of one name neither is to get lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT002 - as in PyYAML
        """Refuse a key that is there twice."""
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise EstateError(
                        f"{key.value!r} is there twice, again on line {key.start_mark.line + 1}"
                    )
                seen.add(key.value)
        return dict(super().construct_mapping(node, deep=deep))


def _loaded(content: str) -> Any:
    """Return what the YAML says. Raises EstateError or YAMLError."""
    try:
        found = yaml.load(content, Loader=_Loader)  # noqa: S506 - a safe loader
        _check_is_text(found)
    except RecursionError as error:
        raise EstateError("the file is nested too deeply, or in itself") from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        # PyYAML lets through what Python says of a date that no calendar has, or of `!!int x`.
        raise EstateError(f"a value is not what its form or tag says: {error}") from error
    return found


def _check_is_text(content: Any) -> None:
    """Raise EstateError for an escape that is half a character, which no file and no message can hold."""
    for text_ in _texts(content):
        try:
            text_.encode("utf-8")
        except UnicodeEncodeError as error:
            half = error.object[error.start : error.end]
            raise EstateError(f"{half!r} is half a character; write the whole one") from error


def _texts(content: Any) -> Iterator[str]:
    """Yield each text of a document; what it has several times by an alias, or in itself, once."""
    left, seen = [content], set()
    while left:
        item = left.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping | list) and id(item) not in seen:
            seen.add(id(item))
            left += [*item, *item.values()] if isinstance(item, Mapping) else item


def _estate(node: Node, seed: int | None) -> EstateSpec:
    limit = node.take("migration_limit", whole, 2)
    own = node.take("seed", whole, DEFAULT_SEED)
    spec = EstateSpec(
        seed=own if seed is None else seed,
        domain=node.take("domain", text, "lab.example"),
        combined_move_takes=node.take(
            "combined_move_takes", one_of({"both": "both", "live": "live"}), "both"
        ),
        dynamic_memory_takes=node.take(
            "dynamic_memory_takes", one_of({"start": "start", "now": "now"}), "start"
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
        **read_switches(node),
        computer_name=node.take("computer_name", text),
        domain=node.take("domain", text),
        dns_suffix=node.take("dns_suffix", text),
        **_numa(node),
        max_live=node.take("max_live", whole, limit),
        max_storage=node.take("max_storage", whole, limit),
        migration_enabled=node.take("migration_enabled", yes_or_no, default=True),
        authentication=node.take("authentication", one_of(_AUTHENTICATION), 1),
        cluster=node.take("cluster", text),
        guardians=node.take("guardians", texts, ()),
        **_processor(node),
        versions=node.take("versions", texts, ()),
        fibre_channel=node.take("fibre_channel", texts, ()),
        heartbeat_status=node.take("heartbeat", one_of(BEATS), 2),
        locale=node.take("locale", one_of(_LOCALES), "en-US"),
        build=node.take("build", _build, DEFAULT_BUILD),
        cluster_service=node.take("cluster_service", one_of(_CLUSTER_SERVICES), CLUSTER_RUNS),
        absent_form=node.take("absent_form", one_of(_ABSENT_FORMS), ABSENT_FORMS[0]),
        closed_namespaces=node.take("closed_namespaces", texts, ()),
        winrm=_winrm(node),
        addresses=node.take("addresses", texts),
        migration_networks=_networks(node),
        clock_skew=node.take("clock_skew", seconds, 0),
        credential_guard=node.take("credential_guard", yes_or_no, default=False),
        vmm_agent=node.take("vmm_agent", yes_or_no, default=False),
        credssp=node.take("credssp", yes_or_no, default=True),
        compression=node.take("compression", yes_or_no, default=True),
        smb=node.take("smb", yes_or_no, default=False),
        uuid=node.take("uuid", text, ""),
    )
    node.close()
    return spec


def _networks(host: Node) -> tuple[NetworkSpec, ...] | None:
    """Return subnets, each a text or a mapping with its metric; None where nothing is said of them."""
    given = host.take("migration_networks", a_list)
    if given is None:
        return None
    found = []
    for number, item in enumerate(given):
        where = f"{host.where}.migration_networks[{number}]"
        node = Node(item if isinstance(item, Mapping) else {"subnet": item}, where)
        found.append(NetworkSpec(subnet=node.need("subnet", text), metric=node.take("metric", whole, 0)))
        node.close()
    return tuple(found)


def _processor(host: Node) -> dict[str, Any]:
    node = Node(host.take("processor", dict, {}), f"{host.where}.processor")
    found = {
        "processor_vendor": node.take("vendor", one_of(_VENDORS), "GenuineIntel"),
        "processor_generation": node.take("generation", whole, 1),
    }
    node.close()
    return found


def _numa(host: Node) -> dict[str, Any]:
    node = Node(host.take("numa", dict, {}), f"{host.where}.numa")
    found = {
        "numa_nodes": node.take("nodes", _nodes, 1),
        "numa_spanning": node.take("spanning", yes_or_no, default=True),
    }
    node.close()
    return found


def _nodes(value: Any) -> int:
    nodes = whole(value)
    if not 1 <= nodes <= _MOST_NODES:
        raise ValueError(f"{nodes} is no number of NUMA nodes: 1 to {_MOST_NODES}")
    return nodes


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
        id=node.take("id", text, ""),
    )
    node.close()
    return spec


def _share(path: str, node: Node) -> ShareSpec:
    spec = ShareSpec(
        path=path.rstrip("\\"),
        capacity_bytes=node.take("capacity", size, 10 * TIB),
        hosts=node.need("hosts", texts),
        aliases=tuple(alias.rstrip("\\") for alias in node.take("aliases", texts, ())),
    )
    node.close()
    return spec


def _build(value: Any) -> int:
    """Return a release (2019, 2012R2) as its build number."""
    return int(one_of(BUILDS)(str(value).upper()))
