"""From a stack file to the desired state: read, parse, check, build, and report all errors at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import cast

from hyperv_placement.model.guard import Window
from hyperv_placement.model.on_cancel import OnCancel
from hyperv_placement.model.policy import UNRESTRICTED, Policy
from hyperv_placement.model.stack import Balance, Load, Stack
from hyperv_placement.model.units import parse_seconds

from .checking import check
from .conflicts import report_shared_targets, report_twins
from .directory import read_delegation, read_delegation_wait, read_directory
from .findings import Findings
from .governing import governed, report_breaches
from .guard import read_guard
from .hosts import read_hosts
from .machines import MachineReader
from .maintenance import read_holds, read_maintenance, report_maintenance
from .nodes import Mapping, Scalar, Sequence
from .others import read_others
from .parsing import parse
from .policies import policy_in_force
from .rules import RuleReader, report_contradictions
from .schema import STACK_SCHEMA, read_schema
from .source import Source, read_source, source_of
from .windows import read_limits, read_windows
from .zones import KEY, read_zone, zone_of


def load(path: Path, *, stack: str | None = None) -> Stack:
    """Return what the stack file at `path` declares, with defaults filled in and paths normalized.

    Files named in it (credentials, CA) are taken relative to its folder; they are looked at where the operator's policy asks
    what they are. What it forbids is wrong like anything else: no host of such a file is dialled. Raises StackFileError,
    whatever stands in the file: its text has a line for each finding, `FILE:LINE: what is wrong; what would be right`,
    sorted by line, FILE as `path` spells it. Raises PolicyError where the policy itself is ill.
    `stack`: whose draft this is, where that is not the file's name.
    """
    policy, findings = policy_in_force(path.absolute().parent), Findings(path)
    return _loaded(path, read_source(path, findings), findings, (policy, stack or path.stem))


def load_text(content: bytes, path: Path, name: Path, *, past: bool = False) -> Stack:
    """Return what the stack file at `path` would declare if `content` stood in it; findings name it `name`.

    `past`: it stood there once, is held against no policy, and nobody may be dialled by it. Raises as `load`.
    """
    policy, findings = UNRESTRICTED if past else policy_in_force(path.absolute().parent), Findings(name)
    return _loaded(path, source_of(content, findings), findings, (policy, path.stem))


def _loaded(path: Path, source: Source | None, findings: Findings, governing: tuple[Policy, str]) -> Stack:
    """Return the stack, held against a policy under the name that counts there."""
    document = None if source is None else parse(source, findings)
    root = None if document is None else check(document, read_schema(STACK_SCHEMA), findings)
    # Of a file that was not read to its end nothing is built: what seems to be missing may stand below the error.
    if source is None or document is None or not document.complete or not isinstance(root, Mapping):
        raise findings.error()
    stack = governed(_stack(path, root, findings), *governing)
    report_breaches(stack, root, findings)
    if findings:
        raise findings.error()
    return replace(stack, digest=source.digest)


def _stack(path: Path, root: Mapping, findings: Findings) -> Stack:
    folder = path.absolute().parent
    hosts = read_hosts(root, folder, findings)
    reader = MachineReader(root, findings)
    section = root.mapping("vms")
    entries = {} if section is None else section.entries
    vms = {label: reader.read(label, entry.value, entry.line) for label, entry in entries.items()}
    rules = RuleReader(root, findings)
    stack = Stack(
        path=path,
        hosts=hosts,
        vms=vms,
        rules=rules.rules(),
        guard=read_guard(root, rules.known, findings),
        windows=_windows(root, findings),
        limits=read_limits(root.value("limits"), "limits", findings, zone_of(root)),
        one_at_a_time=rules.one_at_a_time(),
        balance=_balance(root.mapping("balance")),
        maintenance=read_maintenance(root, rules, findings),
        holds=read_holds(root, rules, findings),
        others=read_others(root, findings),
        has_others=root.value("others") is not None,
        directory=read_directory(root, folder, findings),
        delegation=read_delegation(root, findings),
        delegation_wait=read_delegation_wait(root),
        wait_for_activity=_wait_for_activity(root),
        on_cancel=_on_cancel(root),
        bystanders=root.scalar("bystanders") is not None,
        audit_required=root.scalar("audit") is not None,
    )
    named = root.scalar(KEY)
    stack = stack.zoned((named and read_zone(named, KEY, findings)) or UTC)
    report_twins(vms, findings)
    report_shared_targets(vms, hosts, _disk_lines(section), findings)
    report_contradictions(stack.rules, vms, findings)
    if stack.maintenance:
        line = root.entries["maintenance"].line
        report_maintenance(stack.maintenance, line, hosts, vms, stack.rules, findings)
    return stack


def _windows(root: Mapping, findings: Findings) -> tuple[Window, ...]:
    """Return the windows of the whole stack, which stand at the top or in the guard, beside its freezes."""
    guard = root.mapping("guard")
    at_the_top, beside = root.value("window"), None if guard is None else guard.value("window")
    if at_the_top is not None and beside is not None:
        findings.add(
            "window-twice",
            beside.line,
            f"guard.window: window stands at the top as well (line {at_the_top.line}), and both mean the whole stack;"
            " put all entries into one of them",
        )
    where = "window" if beside is None else "guard.window"
    return read_windows(at_the_top if beside is None else beside, where, findings, zone_of(root))


def _balance(section: Mapping | None) -> Balance:
    by = None if section is None else section.value("by")
    threshold = None if section is None else section.scalar("threshold")
    named = [
        each.text for each in (by.items if isinstance(by, Sequence) else [by]) if isinstance(each, Scalar)
    ]
    return Balance(
        by=tuple(cast("Load", each) for each in named if each != "none") if by is not None else Balance().by,
        threshold=0.0 if threshold is None else float(threshold.text.strip().removesuffix("%")),
    )


def _wait_for_activity(root: Mapping) -> int:
    node = root.scalar("wait_for_activity")
    return 0 if node is None else parse_seconds(node.text)


def _on_cancel(root: Mapping) -> OnCancel:
    node = root.scalar("on_cancel")
    return OnCancel.LEAVE if node is None else OnCancel(node.text)


def _disk_lines(section: Mapping | None) -> dict[tuple[str, str], int]:
    """Return where each disk with a location of its own stands, by label and disk."""
    lines: dict[tuple[str, str], int] = {}
    for label in section.entries if section is not None else ():
        vm = section.mapping(label) if section is not None else None
        storage = vm.mapping("storage") if vm is not None else None
        disks = storage.mapping("disks") if storage is not None else None
        for disk, entry in disks.entries.items() if disks is not None else ():
            lines[label, disk] = entry.line
    return lines
