"""The section rules: as values, the hosts and machines that sections name, and rules that contradict each other or a pin."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Dict

from hyperv_placement.model.names import HostName
from hyperv_placement.model.nearest import NearNames
from hyperv_placement.model.stack import Rule, Turns, VmSpec

from .findings import Findings, listed
from .nodes import Mapping, Node, Scalar, Sequence


class RuleReader:
    """Reads the rules of one stack file, whose labels are known."""

    def __init__(self, root: Mapping, findings: Findings) -> None:
        """Know the labels of `root`, those of unreadable machines too."""
        section = root.mapping("vms")
        self._labels = None if section is None else section.entries.keys()
        self._near = NearNames(self._labels or ())
        hosts = root.mapping("hosts")
        self._hosts = None if hosts is None else hosts.entries.keys()
        self._root = root
        self._findings = findings

    def rules(self) -> tuple[Rule, ...]:
        """Return every rule that can be read, in the order of the file."""
        section = self._root.value("rules")
        return tuple(self._rules(section.items if isinstance(section, Sequence) else []))

    def one_at_a_time(self) -> tuple[Turns, ...]:
        """Return the groups of machines that move one at a time: those of the key of its own, then those among the rules."""
        return tuple(self._turns())

    def _turns(self) -> Iterator[Turns]:
        own, rules = self._root.value("one_at_a_time"), self._root.value("rules")
        if isinstance(own, Sequence):
            # Machines right below the key are one group, and each list below it is another one.
            lists = [each for each in own.items if isinstance(each, Sequence)]
            alone = [each for each in own.items if isinstance(each, Scalar)]
            if len(alone) == 1:
                self._findings.add(
                    "turns-of-one",
                    own.line,
                    f"one_at_a_time: '{alone[0].text}' is alone there, and always moves alone; name the others with it,"
                    " such as [DC01, DC02]",
                )
            for members in ([Sequence(own.line, list(alone))] if alone else []) + lists:
                yield Turns(labels=self.known(members, "one_at_a_time"), line=members.line)
        for position, rule in enumerate(rules.items if isinstance(rules, Sequence) else ()):
            if isinstance(rule, Mapping) and (group := rule.value("one_at_a_time")) is not None:
                yield Turns(labels=self.known(group, f"rules[{position}].one_at_a_time"), line=rule.line)

    def _rules(self, items: list[Node]) -> Iterator[Rule]:
        for position, item in enumerate(items):
            if not isinstance(item, Mapping):
                continue
            where = f"rules[{position}]"
            if "apart" in item.entries:
                yield Rule(
                    kind="apart", labels=self.known(item.value("apart"), f"{where}.apart"), line=item.line
                )
            elif "together" in item.entries:
                labels = self.known(item.value("together"), f"{where}.together")
                yield Rule(kind="together", labels=labels, line=item.line)
            elif "n_plus_1" in item.entries:
                hosts = self.known_hosts(item.value("n_plus_1"), f"{where}.n_plus_1")
                yield Rule(kind="n_plus_1", hosts=hosts, line=item.line)
            elif (within := item.mapping("within")) is not None:
                yield Rule(
                    kind="within",
                    labels=self.known(within.value("vms"), f"{where}.within.vms"),
                    hosts=self.known_hosts(within.value("hosts"), f"{where}.within.hosts"),
                    line=item.line,
                )

    def known_hosts(self, node: Node | None, where: str) -> tuple[HostName, ...]:
        """Return the hosts in `node` that there are, and report the others."""
        names = []
        for item in node.items if isinstance(node, Sequence) else []:
            if not isinstance(item, Scalar) or item.kind == "broken" or self._hosts is None:
                continue
            if item.text in self._hosts:
                names.append(HostName(item.text))
            else:
                near = NearNames(self._hosts).suggestion(item.text) or "; add it there or remove it here"
                self._findings.add(
                    "host-undeclared", item.line, f"{where}: '{item.text}' is no host under hosts{near}"
                )
        return tuple(names)

    def known(self, node: Node | None, where: str) -> tuple[str, ...]:
        """Return the labels in `node` that name a machine, and report the others."""
        labels = []
        for item in node.items if isinstance(node, Sequence) else []:
            if not isinstance(item, Scalar) or item.kind == "broken" or self._labels is None:
                continue
            if item.text in self._labels:
                labels.append(item.text)
            else:
                near = self._near.suggestion(item.text) or "; add it there or remove it here"
                self._findings.add(
                    "machine-undeclared", item.line, f"{where}: '{item.text}' is no label under vms{near}"
                )
        return tuple(labels)


def report_contradictions(rules: tuple[Rule, ...], vms: Dict[str, VmSpec], findings: Findings) -> None:
    """Report rules that no placement can keep, whatever the hosts hold: each at the rule's line."""
    groups = _Groups(vms)
    # First what takes hosts away, then what ties machines to each other: `apart` asks for the outcome of both.
    for rule in rules:
        if rule.kind == "within":
            for label in groups.keep(rule.labels, rule.hosts):
                why = f"{label} may only be on {' or '.join(vms[label].hosts)}; allow one of {' or '.join(rule.hosts)}"
                _contradiction(rule, why, findings)
    for rule in rules:
        if rule.kind == "together" and groups.join(rule.labels):
            hosts = listed(
                f"{label} ({' or '.join(vms[label].hosts) or 'any host'})" for label in rule.labels
            )
            why = f"{hosts} share no host; allow one to all of them, or drop the rule"
            _contradiction(rule, why, findings)
    for rule in rules:
        if rule.kind == "apart":
            _report_apart(rule, groups, vms, findings)


def _report_apart(rule: Rule, groups: _Groups, vms: Dict[str, VmSpec], findings: Findings) -> None:
    in_group: dict[str, str] = {}
    on_host: dict[HostName, str] = {}
    for label in rule.labels:
        other = in_group.setdefault(groups.of(label), label)
        if other != label:
            _contradiction(
                rule, f"{other} and {label} are together by other rules; drop one of the rules", findings
            )
            continue
        hosts = groups.hosts(label)
        pin = next(iter(hosts)) if hosts is not None and len(hosts) == 1 else None
        if pin is not None and (other := on_host.setdefault(pin, label)) != label:
            lines = f"lines {vms[other].line} and {vms[label].line}"
            why = f"{other} and {label} both belong on {pin} ({lines}); pin one elsewhere, or drop the rule"
            _contradiction(rule, why, findings)


def _contradiction(rule: Rule, why: str, findings: Findings) -> None:
    findings.add("rule-impossible", rule.line, f"{rule.kind} cannot hold: {why}")


class _Groups:
    """Machines that together-rules tie to each other, and the hosts left to each group."""

    def __init__(self, vms: Dict[str, VmSpec]) -> None:
        self._group = {label: label for label in vms}
        self._hosts: dict[str, frozenset[HostName] | None] = {
            label: frozenset(vm.hosts) or None for label, vm in vms.items()
        }

    def of(self, label: str) -> str:
        """Return the label that stands for the group of `label`."""
        while (above := self._group[label]) != label:
            self._group[label] = self._group[above]
            label = above
        return label

    def hosts(self, label: str) -> frozenset[HostName] | None:
        """Return the hosts that the group of `label` may be on; None = any."""
        return self._hosts[self.of(label)]

    def keep(self, labels: tuple[str, ...], hosts: tuple[HostName, ...]) -> Iterator[str]:
        """Leave these machines only these hosts; yield those that have none then."""
        for label in labels:
            group = self.of(label)
            before = self._hosts[group]
            self._hosts[group] = _both(before, frozenset(hosts))
            if before and not self._hosts[group]:
                yield label

    def join(self, labels: tuple[str, ...]) -> bool:
        """Tie `labels` to each other; say whether that leaves them no host where each had one."""
        emptied = False
        for label in labels[1:]:
            one, other = self.of(labels[0]), self.of(label)
            if one == other:
                continue
            before = (self._hosts[one], self._hosts[other])
            self._group[other] = one
            self._hosts[one] = _both(*before)
            emptied |= self._hosts[one] == frozenset() and frozenset() not in before
        return emptied


def _both(one: frozenset[HostName] | None, other: frozenset[HostName] | None) -> frozenset[HostName] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other
