"""YAML text to a tree of nodes, without aliases, tags and surprises; linear in time and bounded in depth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import yaml

from .findings import Findings
from .nodes import Entry, Mapping, Node, Scalar, Sequence, broken, plain_kind
from .source import Source, escape_advice, in_single_quotes
from .syntax import explained

_DEEPEST = 16
"""Levels; the deepest value of a stack file stands at level 6."""
_TOO_DEEP = f"nested deeper than {_DEEPEST} levels; a stack file needs 6"
_LIBYAML_TOO_DEEP = "exceeded maximum nesting depth"
"""What libyaml from PyYAML 6.0.4 on says of 1,000 levels within one token's look-ahead, before any level is an event."""
_MOST_EVENTS = 2_000_000
"""Parser events; 10,000 machines with five declared locations each make 230,000."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ESCAPE = re.compile(r"\\(?:\\|([0abtnvfre N_LP\t]))")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The tree of a stack file."""

    root: Node
    complete: bool = True
    """False where reading stopped at an error: what is absent may stand further down."""


def parse(
    source: Source,
    findings: Findings,
    *,
    needs: str = "a stack file needs at least the sections hosts: and vms:",
) -> Document | None:
    """Return the document in `source`, or None where it has none; findings say what YAML itself forbids.

    `needs`: what an empty file lacks.
    """
    builder = _TreeBuilder(source.text.split("\n"), findings)
    complete = True
    try:
        builder.consume(yaml.parse(source.text, Loader=_LOADER))
    except _TooMuchError as error:
        findings.add("file-too-much", *error.finding)
        return None
    except yaml.YAMLError as error:
        line, text = explained(error, source.text.split("\n"))
        if _LIBYAML_TOO_DEEP in str(error):
            findings.add("file-too-much", line, _TOO_DEEP)
            return None
        complete = False
        builder.tear()
        # Tabs were reported and blanks put for them: how many were meant is not known, and the error may come from it.
        if not source.had_tabs:
            findings.add("yaml-syntax", line, text)
    root = builder.root()
    if root is None and not findings:
        findings.add("file-empty", 1, f"is empty; {needs}")
    return None if root is None else Document(root=root, complete=complete)


class _TooMuchError(Exception):
    """The file is larger or deeper than any stack file; carries the finding."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.finding = (line, text)


@dataclass(slots=True)
class _Open:
    """A collection whose end was not read yet."""

    line: int
    is_mapping: bool
    nodes: list[Node] = field(default_factory=list)
    """Of a mapping: key, value, key, value."""


class _TreeBuilder:
    def __init__(self, lines: list[str], findings: Findings) -> None:
        self._lines = lines
        self._findings = findings
        self._open: list[_Open] = []
        self._top: list[Node] = []

    def consume(self, events: Iterator[yaml.Event]) -> None:
        """Build from `events` up to the end of the first document."""
        documents = 0
        for count, event in enumerate(events):
            if count > _MOST_EVENTS:
                raise _TooMuchError(
                    _line(event), f"more than {_MOST_EVENTS} values and keys; split the estate"
                )
            if isinstance(event, yaml.ScalarEvent):
                self._place(self._scalar(event))
            elif isinstance(event, yaml.CollectionStartEvent):
                self._start(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
            elif isinstance(event, yaml.AliasEvent):
                self._place(
                    self._refused(
                        "yaml-anchor",
                        event,
                        f"alias *{event.anchor}: aliases are not read; write the value out",
                    )
                )
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._findings.add(
                        "yaml-second-document",
                        _line(event),
                        "a second document starts here; one file is one stack",
                    )
                    return

    def tear(self) -> None:
        """Close what an error left open; the value that it cut off is not to be trusted."""
        if self._open:
            unfinished = self._open[-1]
            if not unfinished.nodes:
                self._open.pop()
                self._place(broken(unfinished.line))
            elif unfinished.is_mapping and len(unfinished.nodes) % 2:
                unfinished.nodes.append(broken(unfinished.line))
            else:
                unfinished.nodes[-1] = broken(unfinished.line)
        while self._open:
            cut = self._open[-1]
            if cut.is_mapping and len(cut.nodes) % 2:  # what was cut off was, or was in, a key
                cut.nodes.append(broken(cut.line))
            self._end()

    def root(self) -> Node | None:
        """Return the tree; None where there is no content."""
        top = self._top[0] if self._top else None
        # `---` with nothing behind it is an empty scalar to a YAML reader; a null that is written is content of the wrong kind.
        is_nothing = isinstance(top, Scalar) and top.kind == "null" and not top.text
        return None if is_nothing else top

    def _place(self, node: Node) -> None:
        (self._open[-1].nodes if self._open else self._top).append(node)

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._open) >= _DEEPEST:
            raise _TooMuchError(_line(event), _TOO_DEEP)
        self._no_properties(event)
        self._open.append(_Open(line=_line(event), is_mapping=isinstance(event, yaml.MappingStartEvent)))

    def _end(self) -> None:
        done = self._open.pop()
        self._place(self._mapping(done) if done.is_mapping else Sequence(done.line, done.nodes))

    def _mapping(self, done: _Open) -> Mapping:
        entries: dict[str, Entry] = {}
        for key, value in zip(done.nodes[::2], done.nodes[1::2], strict=True):
            name = self._key(key)
            if name is None:
                continue
            if name in entries:
                first = entries[name].line
                self._findings.add(
                    "key-twice",
                    key.line,
                    f"key '{name}' stands here again, first in line {first}; keep one of the two",
                )
                continue
            entries[name] = Entry(key.line, value)
        return Mapping(done.line, entries)

    def _key(self, key: Node) -> str | None:
        if not isinstance(key, Scalar):
            self._findings.add("yaml-key", key.line, f"a {key.kind} cannot be a key; a key is a name")
            return None
        if key.kind == "broken":
            return None
        if key.kind != "text":
            shown = key.text or "an empty key"
            self._findings.add(
                "yaml-key",
                key.line,
                f"key {shown}: YAML reads {_READ_AS[key.kind]}; put it in quotes: '{key.text}'",
            )
        elif key.text == "<<":
            self._findings.add("yaml-merge", key.line, "key <<: merging is not read; write the keys out")
            return None
        return key.text

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        line, text = _line(event), event.value
        self._no_properties(event)
        if not event.style:
            return Scalar(line, plain_kind(text), text)
        if event.style == '"':
            text = self._unescaped(event)
        if event.style in {"|", ">"}:
            return self._refused(
                "yaml-block-text", event, "a block text (| or >) is not read; write the value on one line"
            )
        if _CONTROL.search(text):
            return self._refused(
                "yaml-control-character",
                event,
                f"{text!r} holds a line break or control character; write it on one line",
            )
        return Scalar(line, "text", text)

    def _unescaped(self, event: yaml.ScalarEvent) -> str:
        r"""Return the text of a double-quoted scalar; literally where an escape (\t) was surely not meant."""
        start, end = _start(event), cast("yaml.Mark", event.end_mark)
        if start.line != end.line or "\\" not in (raw := self._lines[start.line][start.column : end.column]):
            return str(event.value)
        if not any(match[1] for match in _ESCAPE.finditer(raw)):
            return str(event.value)
        literal = raw[1:-1].replace("\\\\", "\\").replace('\\"', '"')
        self._findings.add("yaml-escape", _line(event), escape_advice(raw, in_single_quotes(literal)))
        return literal

    def _refused(self, finding_id: str, event: yaml.Event, text: str) -> Scalar:
        self._findings.add(finding_id, _line(event), text)
        return broken(_line(event))

    def _no_properties(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            self._findings.add(
                "yaml-anchor",
                _line(event),
                f"anchor &{event.anchor}: anchors and aliases are not read; write values out",
            )
        if event.tag is not None:
            self._findings.add("yaml-tag", _line(event), f"tag {event.tag}: tags are not read; remove it")


_READ_AS = {
    "integer": "a number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def _line(event: yaml.Event) -> int:
    return _start(event).line + 1


def _start(event: yaml.Event) -> yaml.Mark:
    return cast("yaml.Mark", event.start_mark)
