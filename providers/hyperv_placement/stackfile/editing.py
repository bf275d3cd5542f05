"""A stack file's text with some values changed: every other character stays, comments, order and style among them.

ruamel.yaml reports where each value stands and writes the new ones; the text around them is never written anew, because
no YAML library keeps every blank of a file that a person has laid out.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

from hyperv_placement.errors import PlacementError

from .nodes import plain_kind

Value = str | Mapping[str, "Value"] | Sequence["Value"]
"""A text, or a mapping or list that is written in one line."""
_BOM = "\ufeff"
_BY_HAND = "Change it by hand"
_PLAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_. -]*[A-Za-z0-9_])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Splice:
    start: int
    end: int
    depth: int
    """Of two at one place the deeper stands first: it belongs to what ends there."""
    number: int
    text: str

    @property
    def order(self) -> tuple[int, int, int, int]:
        """Where it stands among others."""
        return (self.start, self.end, -self.depth, self.number)


class Editor:
    """The text of one stack file, and the changes that were asked for so far."""

    def __init__(self, text: str) -> None:
        """Find where everything stands. Raises PlacementError where `text` is no YAML mapping."""
        self._bom = _BOM if text.startswith(_BOM) else ""
        self._text = text.removeprefix(_BOM)
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._splices: list[_Splice] = []
        try:
            # A tab after a colon the loader reads as a blank, as YAML does, and ruamel.yaml does not; each takes one place.
            self._root = YAML().compose(self._text.replace("\t", " "))
        except YAMLError as error:
            raise PlacementError(
                f"the stack file cannot be edited: {error}", remedy="Write the change into it by hand"
            ) from error

    def text(self) -> str:
        """Return the text with all changes made."""
        changed = self._text
        # From the end: what is written there moves nothing that stands before it.
        for splice in sorted(self._splices, key=lambda each: each.order, reverse=True):
            changed = changed[: splice.start] + splice.text + changed[splice.end :]
        return self._bom + changed

    def has(self, *path: str) -> bool:
        """Say whether there is a value at `path`."""
        return self._find(path) is not None

    def scalar(self, *path: str) -> str | None:
        """Return the single value at `path`, None where there is none or it is another kind of value."""
        node = self._find(path)
        return str(node.value) if isinstance(node, ScalarNode) else None

    def is_list(self, *path: str) -> bool:
        """Say whether a list stands at `path`."""
        return isinstance(self._find(path), SequenceNode)

    def put(self, value: Value, *path: str) -> None:
        """Write `value` at `path`: over the single value there, or as a new key of the mapping that holds it.

        Raises PlacementError where neither can be.
        """
        node = self._find(path)
        if isinstance(node, ScalarNode):
            # Within brackets a comma or bracket ends a plain text (YAML 1.2, 7.3.3), however far above they open.
            holders = [self._find(path[:depth]) for depth in range(len(path))]
            in_flow = any(isinstance(each, CollectionNode) and bool(each.flow_style) for each in holders)
            text = _written(value, like=node.style, flow=in_flow)
            self._splice(_start(node), _end(node), len(path), text)
            return
        holder = self._find(path[:-1])
        if node is not None or not isinstance(holder, MappingNode):
            raise PlacementError(
                f"{'.'.join(path)} cannot be written into the stack file by us", remedy=_BY_HAND
            )
        key = _written(path[-1], like=None, flow=True)
        entry = f"{key}: {_written(value, like=None, flow=True)}"
        last = holder.value[-1][1] if holder.value else None
        self._add(holder, entry, last, len(path))

    def overwrite(self, value: Value, *path: str) -> None:
        """Write `value` in place of whatever stands at `path`, a list or nothing too. Raises PlacementError where the key is not there."""
        holder = self._find(path[:-1])
        entries = holder.value if isinstance(holder, MappingNode) else ()
        key, node = next((pair for pair in entries if pair[0].value == path[-1]), (None, None))
        if key is None or node is None:
            raise PlacementError(
                f"{'.'.join(path)} cannot be written into the stack file by us", remedy=_BY_HAND
            )
        text = _written(value, like=getattr(node, "style", None), flow=True)
        at = self._text.index(":", _end(key)) + 1
        if isinstance(node, CollectionNode) and not node.flow_style and node.value:
            # A block stands on lines of its own, as far in as its key at times, where one value cannot stand (YAML 1.2, 8.2).
            self._splice(at, at, len(path), f" {text}")
            self._splice(self._end_of_line(at), self._end_of_line(_end(node)), len(path), "")
        elif _start(node) < _end(node):
            self._splice(_start(node), _end(node), len(path), text)
        else:
            # Where nothing is said ruamel.yaml reports the place of what follows: it is written behind its key's colon.
            self._splice(at, at, len(path), f" {text}")

    def append(self, value: Value, *path: str) -> None:
        """Add `value` at the end of the list at `path`. Raises PlacementError where there is none."""
        node = self._list(path)
        like = node.value[-1].style if isinstance(node.value[-1], ScalarNode) else None
        text = _written(value, like=like, flow=True)
        self._add(node, text if node.flow_style else f"- {text}", node.value[-1], len(path) + 1)

    def replace(self, value: Value, position: int, *path: str) -> None:
        """Write `value` in place of an item of the list at `path`. Raises PlacementError where there is no such list."""
        item = self._list(path).value[position]
        self._splice(_start(item), _end(item), len(path) + 1, _written(value, like=None, flow=True))

    def remove(self, position: int, *path: str) -> None:
        """Take an item out of the list at `path`, with its line; the last one with the key. Raises PlacementError as `replace`."""
        node = self._list(path)
        if len(node.value) == 1:
            self._drop(path)
        elif node.flow_style:
            following = position + 1 < len(node.value)
            start = _start(node.value[position]) if following else _end(node.value[position - 1])
            end = _start(node.value[position + 1]) if following else _end(node.value[position])
            self._splice(start, end, len(path) + 1, "")
        else:
            self._cut(_start(node.value[position]), _end(node.value[position]), "-", path)

    def _drop(self, path: tuple[str, ...]) -> None:
        """Take a key with its value out of the mapping that holds it, with its lines."""
        *above, last = path
        holder = self._find(tuple(above))
        if not isinstance(holder, MappingNode):
            raise PlacementError(
                f"{'.'.join(path)} cannot be taken out of the stack file by us", remedy=_BY_HAND
            )
        number = next(n for n, (key, _) in enumerate(holder.value) if key.value == last)
        key, value = holder.value[number]
        if not holder.flow_style:
            self._cut(_start(key), _end(value), "", path)
            return
        following = number + 1 < len(holder.value)
        start = _start(key) if following or not number else _end(holder.value[number - 1][1])
        end = _start(holder.value[number + 1][0]) if following else _end(value)
        self._splice(start, end, len(path), "")

    def _cut(self, start: int, end: int, before: str, path: tuple[str, ...]) -> None:
        """Take whole lines out, from the one in which `start` stands, with nothing but `before` in front of it."""
        first = self._text.rfind("\n", 0, start) + 1
        if self._text[first:start].strip() != before:
            raise PlacementError(
                f"{'.'.join(path)} cannot be taken out of the stack file by us", remedy=_BY_HAND
            )
        last = self._text.find("\n", end)
        self._splice(first, len(self._text) if last < 0 else last + 1, len(path), "")

    def _list(self, path: tuple[str, ...]) -> SequenceNode:
        node = self._find(path)
        if not isinstance(node, SequenceNode) or not node.value:
            raise PlacementError(
                f"{'.'.join(path)} cannot be written into the stack file by us", remedy=_BY_HAND
            )
        return node

    def _add(self, holder: CollectionNode, entry: str, last: Node | None, depth: int) -> None:
        """Add an entry after the `last` of `holder`: behind it where both stand in a line, else on a line of its own."""
        if holder.flow_style:
            at = _start(holder) + 1 if last is None else _end(last)
            self._splice(at, at, depth, entry if last is None else f", {entry}")
            return
        at = self._end_of_line(_end(last or holder))
        self._splice(at, at, depth, f"{self._newline}{' ' * int(holder.start_mark.column)}{entry}")

    def _splice(self, start: int, end: int, depth: int, text: str) -> None:
        self._splices.append(_Splice(start=start, end=end, depth=depth, number=len(self._splices), text=text))

    def _end_of_line(self, at: int) -> int:
        end = self._text.find("\n", at)
        end = len(self._text) if end < 0 else end
        return end - 1 if self._text[end - 1 : end] == "\r" else end

    def _find(self, path: tuple[str, ...]) -> Node | None:
        node: Node | None = self._root
        for key in path:
            entries = node.value if isinstance(node, MappingNode) else ()
            node = next((value for name, value in entries if name.value == key), None)
        return node


def _start(node: Node) -> int:
    return int(node.start_mark.index)


def _end(node: Node) -> int:
    """Return where a value ends; a block ends with the last value in it, whatever stands below."""
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _written(value: Value, *, like: str | None, flow: bool) -> str:
    """Return `value` as YAML in one line, quoted as what it replaces; a path, and what readers would misread, in single quotes."""
    if not isinstance(value, str):
        return _dumped(_plain(value))
    text = _styled(value, like)
    if not flow:
        return _dumped(text)
    # Written as the one item of a list in brackets, which are cut off: ruamel.yaml then quotes what would end it there.
    listed = CommentedSeq([text])
    listed.fa.set_flow_style()
    return _dumped(listed)[1:-1]


def _styled(text: str, like: str | None) -> str:
    """Return `text` in the class by which ruamel.yaml knows how to quote it."""
    styled: str = text
    # ruamel.yaml writes YAML 1.2, and other readers take 1.1: plain is only what both take for a text.
    plain = _PLAIN.fullmatch(text) is not None and plain_kind(text) == "text"
    if like == "'" or (like != '"' and not plain) or "\\" in text:
        styled = SingleQuotedScalarString(text)
    elif like == '"':
        styled = DoubleQuotedScalarString(text)
    return styled


def _plain(value: Value) -> object:
    """Return `value` as ruamel.yaml writes it in one line."""
    if isinstance(value, str):
        return _styled(value, None)
    if isinstance(value, Mapping):
        made = CommentedMap()
        made.fa.set_flow_style()
        for key, each in value.items():
            made[_styled(key, None)] = _plain(each)
        return made
    items = CommentedSeq(_plain(each) for each in value)
    items.fa.set_flow_style()
    return items


def _dumped(value: object) -> str:
    writer, out = YAML(), io.StringIO()
    # ruamel.yaml breaks lines at 80 columns, and ends a document of one plain text by `...`.
    writer.width = 1 << 30
    writer.dump(value, out)
    return out.getvalue().removesuffix("...\n").rstrip("\n")
