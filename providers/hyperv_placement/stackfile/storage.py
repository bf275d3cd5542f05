"""What a machine's storage: means: locations checked, one place a part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from hyperv_placement.model import winpath
from hyperv_placement.model.names import folded
from hyperv_placement.model.stack import Layout, StorageSpec

from .findings import Findings
from .nodes import Mapping, Node, Scalar
from .paths import is_disk_file, is_path, normalized, part_problem, path_problem


def read_storage(node: Node, where: str, findings: Findings) -> StorageSpec:
    """Return what `node`, checked against the schema and called `where`, declares."""
    if not isinstance(node, Mapping):
        everything = _folder(node, where, findings)
        return StorageSpec(config=everything, checkpoints=everything, paging=everything, all_disks=everything)
    everything = _part(node, "folder", None, where, findings)
    listed = node.mapping("disks")
    layout = node.scalar("layout")
    return StorageSpec(
        config=_part(node, "config", everything, where, findings),
        checkpoints=_part(node, "checkpoints", everything, where, findings),
        paging=_part(node, "paging", everything, where, findings),
        all_disks=_part(node, "disks", everything, where, findings),
        disks={} if listed is None else _disks(listed, f"{where}.disks", findings),
        overwrite=frozenset(() if listed is None else _overwritten(listed)),
        layout="hyper-v" if layout is None else cast("Layout", layout.text),
    )


def named_roots(node: Node) -> Iterator[Scalar]:
    """Yield every location in a checked storage: that names a storage root."""
    if isinstance(node, Scalar) and node.kind == "text" and not is_path(node.text):
        yield node
    elif isinstance(node, Mapping):
        for key, entry in node.entries.items():
            if key != "layout":
                yield from named_roots(entry.value)


def _part(node: Mapping, key: str, otherwise: str | None, where: str, findings: Findings) -> str | None:
    value = node.scalar(key)
    return otherwise if value is None else _folder(value, f"{where}.{key}", findings)


def _folder(node: Node, where: str, findings: Findings) -> str | None:
    if not isinstance(node, Scalar):
        return None
    if is_disk_file(node.text):
        findings.add(
            "folder-wanted",
            node.line,
            f"{where}: '{node.text}' is the file of a disk; a folder is wanted, name files under disks:",
        )
    return _location(node, where, findings)


def _location(node: Scalar, where: str, findings: Findings) -> str:
    if not is_path(node.text):
        return node.text
    problem = path_problem(node.text)
    if problem is not None:
        findings.add("path-wrong", node.line, f"{where}: '{node.text}' {problem}")
    return normalized(node.text)


def _disks(section: Mapping, where: str, findings: Findings) -> dict[str, str]:
    disks: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for key, entry in section.entries.items():
        if (other := spelled.setdefault(folded(key), key)) != key:
            findings.add(
                "disk-key-twice",
                entry.line,
                f"{where}: '{key}' and '{other}' are one disk to Windows; keep one of the two",
            )
        detailed = section.mapping(key)
        value = section.scalar(key) if detailed is None else detailed.scalar("path")
        if value is not None:
            _report_conversion(key, value, where, findings)
            disks[key] = _location(value, f"{where}.{key}", findings)
        # `SCSI 0:1` names a place of the machine, not a file.
        problem = None if ":" in key else part_problem(key)
        if problem is not None:
            findings.add("path-wrong", entry.line, f"{where}: '{key}' {problem}")
    return disks


def _overwritten(section: Mapping) -> Iterator[str]:
    for key in section.entries:
        detailed = section.mapping(key)
        chosen = None if detailed is None else detailed.scalar("overwrite")
        if chosen is not None and chosen.text.lower() in {"true", "yes", "on"}:
            yield key


def _report_conversion(key: str, value: Scalar, where: str, findings: Findings) -> None:
    """Report a file whose extension is not its disk's: a move copies, it does not convert."""
    if not is_disk_file(key) or not is_disk_file(value.text):
        return
    has, wanted = (winpath.ending(text).removeprefix(".") for text in (key, value.text))
    if has != wanted:
        findings.add(
            "disk-format",
            value.line,
            f"{where}.{key}: '{value.text}' would make a .{has} a .{wanted}; a move keeps the format",
        )
