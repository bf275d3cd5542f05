"""The section vms: as values."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model.names import HostName, vm_id
from hyperv_placement.model.nearest import NearNames
from hyperv_placement.model.options import AS_HOSTS_ARE_SET
from hyperv_placement.model.stack import Snooze, VmSpec

from .findings import Findings, listed
from .nodes import Mapping, Node, Scalar, Sequence
from .options import read_options
from .paths import part_problem
from .storage import named_roots, read_storage
from .windows import read_windows
from .words import read_word
from .zones import zone_of


class MachineReader:
    """Reads machines of one stack file, which may name its hosts and their storage roots."""

    def __init__(self, root: Mapping, findings: Findings) -> None:
        """Know the hosts of `root`; one that was unreadable there is no unknown name."""
        self._findings = findings
        self._zone = zone_of(root)
        section = root.mapping("hosts")
        self._names = list(section.entries) if section is not None else []
        self._near_hosts = NearNames(self._names)
        self._roots = {name: self._root_names(section, name) for name in self._names}
        self._migration = read_options(root.mapping("migration"), AS_HOSTS_ARE_SET, "migration", findings)
        self._near_roots = NearNames(root for roots in self._roots.values() if roots for root in roots)

    @staticmethod
    def _root_names(section: Mapping | None, host: str) -> frozenset[str] | None:
        """Return the storage roots of `host`, or None where they could not be read."""
        entry = section.mapping(host) if section is not None else None
        if entry is None or ("storage" in entry.entries and entry.mapping("storage") is None):
            return None
        roots = entry.mapping("storage")
        return frozenset(roots.entries if roots is not None else ())

    def read(self, label: str, entry: Node, line: int) -> VmSpec:
        """Return what `entry`, whose `label` stands in `line`, declares."""
        if not isinstance(entry, Mapping):
            return VmSpec(label=label, name=label, migration=self._migration, line=line)
        guid, name, storage = entry.scalar("id"), entry.scalar("name"), entry.value("storage")
        hosts = tuple(self._known_hosts(label, "host", entry.value("host")))
        if storage is not None:
            self._check_roots(label, storage, hosts)
        where = f"vms.{label}"
        places = None if storage is None else read_storage(storage, f"{where}.storage", self._findings)
        options = read_options(
            entry.mapping("migration"), self._migration, f"{where}.migration", self._findings
        )
        word = read_word(entry.mapping("snooze"), f"{where}.snooze", self._findings)
        return VmSpec(
            label=label,
            name=label if name is None else name.text,
            id=None if guid is None else vm_id(guid.text),
            hosts=hosts,
            storage=places,
            migration=options,
            snooze=None if word is None else Snooze(until=word[0], reason=word[1]),
            prefer=self._preferred(label, entry.value("prefer"), hosts),
            windows=read_windows(entry.value("window"), f"{where}.window", self._findings, self._zone),
            line=line,
        )

    def _preferred(self, label: str, node: Node | None, hosts: tuple[HostName, ...]) -> tuple[HostName, ...]:
        """Return the preferred hosts, and report those that the machine may not be on."""
        named = tuple(self._known_hosts(label, "prefer", node))
        lost = [name for name in named if hosts and name not in hosts]
        if node is not None and len(hosts) == 1:
            text = f"vms.{label}.prefer: it is pinned to {hosts[0]}, so that there is nothing to prefer"
            self._findings.add(
                "prefer-in-vain",
                node.line,
                f"{text}; allow it several hosts (host: [hv1, hv2]), or remove prefer",
            )
        elif node is not None and lost:
            text = (
                f"vms.{label}.prefer: {listed(lost)} {'is' if len(lost) == 1 else 'are'} not among its hosts"
            )
            self._findings.add(
                "prefer-in-vain", node.line, f"{text} ({listed(hosts)}); add it there, or remove it here"
            )
        return named

    def _known_hosts(self, label: str, key: str, node: Node | None) -> Iterator[HostName]:
        nodes = node.items if isinstance(node, Sequence) else [node]
        for named in nodes:
            if not isinstance(named, Scalar) or named.kind == "broken":
                continue
            if self._names and named.text not in self._roots:
                near, known = self._near_hosts.suggestion(named.text), listed(self._names)
                self._findings.add(
                    "host-undeclared",
                    named.line,
                    f"vms.{label}.{key}: unknown host '{named.text}' (known: {known}){near}",
                )
            # Kept although unknown: a machine without hosts is one of which only storage is managed.
            yield HostName(named.text)

    def _check_roots(self, label: str, storage: Node, hosts: tuple[HostName, ...]) -> None:
        """Report roots that a host the machine may be on lacks; without host:, that no host has."""
        for named in named_roots(storage):
            if (problem := part_problem(label)) is not None:
                means = rf"the named root '{named.text}' means the folder <root>\{label}: write a full path instead"
                self._findings.add("label-no-folder", named.line, f"vms.{label}: label {problem}; {means}")
            lacking = [host for host in hosts or self._names if not self._has_root(host, named.text)]
            if lacking and (hosts or len(lacking) == len(self._names)):
                near = self._near_roots.suggestion(named.text)
                remedy = near or rf"; add it there, or write a full path, such as 'D:\Hyper-V\{label}'"
                self._findings.add(
                    "storage-root-missing",
                    named.line,
                    f"vms.{label}.storage: no storage root '{named.text}' on {listed(lacking)}{remedy}",
                )

    def _has_root(self, host: str, root: str) -> bool:
        """Say whether `host` has `root`. True as well where its section could not be read: that was reported already."""
        roots = self._roots.get(host)
        return roots is None or root in roots
