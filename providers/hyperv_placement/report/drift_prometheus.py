"""Drift as a file for node_exporter's textfile collector (Prometheus, "Exposition formats", text format 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from hyperv_placement.planning.drift import DriftKind, DriftReport
from hyperv_placement.visible import visible

Sample = tuple[dict[str, str], float]


def render_prometheus(report: DriftReport) -> str:
    """Return the file. A rule alarms on `placement_drift > 0`, and on a `placement_drift_checked_seconds` that grows old."""
    of = {"stack": report.stack}
    kinds = [each.kind for each in report.drifts]
    silent = sum(not each.is_machine for each in report.unknown)
    lost = sum(each.is_machine for each in report.unknown)
    lines: list[str] = []
    lines += _family(
        "placement_drift",
        "What is not as declared and counts, by kind.",
        [({**of, "kind": str(kind)}, kinds.count(kind)) for kind in DriftKind],
    )
    lines += _family(
        "placement_drift_of",
        "1 for each machine or host that is not as declared.",
        (
            (
                {
                    **of,
                    "kind": str(each.kind),
                    "subject": each.subject,
                    "host": each.host or "",
                    "id": each.vm_id or "",
                },
                1,
            )
            for each in report.drifts
        ),
    )
    totals = (
        ("snoozed", "Drifts that do not count while they are snoozed.", len(report.snoozed)),
        ("held", "Drifts that do not count while a hold is in force.", len(report.held)),
        ("unknown_hosts", "Hosts that did not answer, and are not away on purpose.", silent),
        ("unknown_machines", "Declared machines of which nothing is known.", lost),
        ("declared_machines", "Machines that the stack file declares.", len(report.labels)),
        ("declared_hosts", "Hosts that the stack file declares.", len(report.hosts)),
    )
    for name, meaning, value in totals:
        lines += _family(f"placement_{name}", meaning, [(of, value)])
    checked = datetime.fromisoformat(report.checked).timestamp()
    lines += _family(
        "placement_drift_checked_seconds",
        "When drift was looked for, in seconds since 1970.",
        [(of, checked)],
    )
    return "\n".join(lines) + "\n"


def _family(name: str, meaning: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} gauge"
    seen = set[str]()
    for labels, value in samples:
        line = f"{name}{{{','.join(f'{key}={_quoted(text)}' for key, text in labels.items())}}}"
        if line not in seen:  # one sample a set of labels: a file with two is refused as a whole
            seen.add(line)
            yield f"{line} {value:.15g}"


def _quoted(text: str) -> str:
    """Return a label's value: backslash, quote and line end are escaped; what is invisible is shown as an escape before that."""
    return '"{}"'.format(visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
