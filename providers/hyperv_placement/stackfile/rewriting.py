"""A stack file edited in its own layout: what is written is kept only once it loads as what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from hyperv_placement.errors import PlacementError, StackFileError
from hyperv_placement.model.stack import Stack
from hyperv_placement.system.files import read_bounded

from .editing import Editor
from .replacing import Replacement, difference, replacement
from .source import LARGEST


class Rewriting:
    """One change of a stack file, tried beside it; without `keep` the file stays as it is."""

    def __init__(self, stack: Stack, text: str, fresh: Replacement, error: type[PlacementError]) -> None:
        """`text`: what the file holds. `error`: raised for whatever cannot be written."""
        self.text = text
        self.editor = Editor(text)
        self._stack, self._fresh, self._error = stack, fresh, error
        self._tried = text

    def loaded(self, text: str | None = None) -> Stack:
        """Return what the file would declare: as edited, or as `text`."""
        self._tried = self.editor.text() if text is None else text
        try:
            return replace(self._fresh.load(self._tried), path=self._stack.path)
        except StackFileError as error:
            reported = self._fresh.reported(error.message)
            raise self._error(f"what would be written does not load: {reported}") from error

    def proven(self, wanted: Stack, remedy: str, *, moment: datetime | None = None) -> Stack:
        """Return what the file would declare, which is `wanted`, as it counts at `moment`. `remedy`: where it is not."""
        found = self.loaded()
        if _unlined(found.at(moment)) != _unlined(wanted):
            raise self._error(
                f"{self._stack.path} is laid out so that the change cannot be written by us", remedy=remedy
            )
        return found

    def keep(self) -> None:
        """Put what was loaded last in the place of the file. Raises PlacementError where that was changed meanwhile."""
        self._fresh.keep()

    def difference(self) -> str:
        """Return what was loaded last as a unified diff of the file."""
        return difference(self._stack.path, self.text, self._tried)


@contextmanager
def rewriting(stack: Stack, error: type[PlacementError]) -> Iterator[Rewriting]:
    """Lend a change of the file of `stack`. Raises `error` where it cannot be read, and PlacementError where it cannot be written."""
    try:
        old = read_bounded(stack.path, LARGEST)
        text = old.decode("utf-8")
    except (OSError, UnicodeDecodeError) as why:
        raise error(f"{stack.path} cannot be read: {why}", remedy="Make it readable, in UTF-8") from why
    with replacement(stack.path, old) as fresh:
        yield Rewriting(stack, text, fresh, error)


def _unlined(stack: Stack) -> Stack:
    """Return the stack without the numbers of its lines, which an edit moves."""
    return replace(
        stack,
        vms={label: replace(vm, line=0) for label, vm in stack.vms.items()},
        rules=tuple(replace(rule, line=0) for rule in stack.rules),
        one_at_a_time=tuple(replace(turns, line=0) for turns in stack.one_at_a_time),
        directory=stack.directory and replace(stack.directory, line=0),
        delegation=stack.delegation and replace(stack.delegation, line=0),
    )
