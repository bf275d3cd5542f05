"""Drift as JUnit XML: a case for each declared machine and, in a suite of its own, for each host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo

from lxml import etree

from hyperv_placement.model.stack import Away, Maintenance
from hyperv_placement.planning.drift import Drift, DriftReport
from hyperv_placement.visible import visible

from .drift_words import ended, reported, snoozed


def render_junit(report: DriftReport) -> bytes:
    """Return the document: drift fails a case, what is unknown is an error of it, a snooze or a hold skips it."""
    root = etree.Element("testsuites", name=_clean(f"drift of {report.stack}"))
    # Hosts that only turn up as unknown need a case, too: an outcome without one would show nowhere.
    others = (each.subject for each in report.unknown if not each.is_machine)
    hosts = list(dict.fromkeys((*report.hosts, *others)))
    suites = [
        _suite(root, "machines", report, [*report.labels], _of_machines(report)),
        _suite(root, "hosts", report, hosts, _of_hosts(report)),
    ]
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


_Outcome = tuple[str, str, str]
"""Subject, element, message."""
_OUTCOMES = {"failure": "drift", "error": "unknown", "skipped": "snoozed or held"}
"""Elements of a case, the gravest first, and what they are called where a case has more than one."""


def _suite(
    root: etree._Element, name: str, report: DriftReport, cases: Sequence[str], outcomes: Iterable[_Outcome]
) -> etree._Element:
    """Add a suite; a case has at most one outcome, as readers expect: what is unknown has one of its own beside drift."""
    by_case: dict[str, dict[str, list[str]]] = {}
    for subject, element, message in outcomes:
        by_case.setdefault(subject, {}).setdefault(element, []).append(message)
    # Of a timestamp "timezone may not be specified" (JUnit.xsd of windyroad/JUnit-Schema).
    suite = etree.SubElement(
        root, "testsuite", name=name, timestamp=report.checked.removesuffix("+00:00"), time="0"
    )
    for case in cases:
        found = by_case.get(case, {})
        elements = [each for each in _OUTCOMES if each in found]
        of_case = _case(suite, report, case)
        for element in elements[:1]:
            _outcome(of_case, element, found[element])
        if "note" in found:
            etree.SubElement(of_case, "system-out").text = "\n".join(_clean(text) for text in found["note"])
        for element in elements[1:]:
            _outcome(_case(suite, report, f"{case} ({_OUTCOMES[element]})"), element, found[element])
    suite.set("tests", str(len(suite)))
    for element, plural in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(plural, str(len(suite.findall(f"testcase/{element}"))))
    return suite


def _case(suite: etree._Element, report: DriftReport, name: str) -> etree._Element:
    of = _clean(f"{report.stack}.{suite.get('name')}")
    return etree.SubElement(suite, "testcase", classname=of, name=_clean(name), time="0")


def _outcome(case: etree._Element, element: str, messages: Iterable[str]) -> None:
    text = "\n".join(_clean(message) for message in messages)
    # Parsers turn line ends in an attribute into blanks (XML 1.0, 3.3.3).
    etree.SubElement(case, element, message=text.replace("\n", " | ")).text = text


def _of_machines(report: DriftReport) -> Iterator[_Outcome]:
    known = set(report.labels)
    for drift in report.drifts:
        if drift.of_machine:
            yield drift.subject, "failure", _message(drift, report.zone)
    for drift in (*report.snoozed, *report.held):
        yield drift.subject, "skipped", f"{_message(drift, report.zone)}; {drift.held or snoozed(drift)}"
    for each in report.unknown:
        if each.is_machine and each.subject in known:
            yield each.subject, "error", f"unknown: {each.text}"
    for each in report.away:
        if each.is_machine:
            yield each.subject, "skipped", each.text
    for over in report.ended:
        if over.label in known and not isinstance(over.snooze, Away | Maintenance):
            yield over.label, "note", ended(over)


def _of_hosts(report: DriftReport) -> Iterator[_Outcome]:
    for drift in report.drifts:
        if not drift.of_machine and drift.host is not None:
            yield drift.host, "failure", f"{drift.subject}: {_message(drift, report.zone)}"
    for each in report.unknown:
        if not each.is_machine:
            yield each.subject, "error", f"unknown: {each.text}"
    for each in report.away:
        if not each.is_machine:
            yield each.subject, "skipped", each.text
    for over in report.ended:
        if over.label in report.hosts:
            yield over.label, "note", ended(over)


def _message(drift: Drift, zone: tzinfo) -> str:
    return f"{drift.kind}: {reported(drift, zone)}"


def _clean(text: str) -> str:
    """Return `text` as one line that shows; so it holds nothing that no XML document may hold (XML 1.0, 2.2)."""
    return visible(text)
