"""The file of `PLACEMENT_LOG=wire:FILE`: a line of JSON for each request to a host, with its answer, what is secret masked.

Several processes append to one file, as the program and the plugin of one run do; each line is one write and names its process.
A line has the parts of a recorded answer, so that `record --disguise` makes a recording of the file. Nothing here changes what is
sent, and no error of this computer's disk reaches who sends.
"""

from __future__ import annotations

import codecs
import json
import logging
import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from hyperv_placement.errors import PlacementError
from hyperv_placement.system.files import append_within, expanded, read_bounded
from hyperv_placement.winrm.wire_tap import Exchanged

from .answers import Answer, Questions
from .masking import Mask
from .record import Recording

MOST_BYTES: Final = 32 << 20
"""Of a file: a run that moves 500 machines at once writes some 4 KiB a second for each."""
_NOTICE = 4096
"""Bytes beyond that for the lines that say which process had to stop."""
_log = logging.getLogger(__name__)


class WireLineError(PlacementError):
    """A file is not what `PLACEMENT_LOG=wire:FILE` writes."""

    remedy = "Name a file that PLACEMENT_LOG=wire:FILE has written"


def open_wire_file(path: Path, most: int = MOST_BYTES) -> WireFile:
    """Return what appends exchanges to `path`. Raises OSError where it cannot be written, ForeignError where it is not ours."""
    whole = Path(os.path.abspath(expanded(path)))  # noqa: PTH100 - a link stays a link: who made it is judged at each line
    append_within(whole, _line({"process": os.getpid(), "begun": _now()}), most + _NOTICE)
    return WireFile(whole, most)


class WireFile(logging.Handler):
    """Appends each exchange to a file, until that is full or cannot be written any more."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(logging.DEBUG)
        self._path = path
        self._most = most
        self._mask = Mask()
        self._questions = Questions()
        self._over = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Append the exchange of a record; the first failure ends it, and is logged as a warning."""
        exchange = getattr(record, "exchange", None)
        if self._over.is_set() or not isinstance(exchange, Exchanged):
            return
        try:
            line = _line(self._entry(exchange))
            if append_within(self._path, line, self._most):
                return
            why = f"it would become larger than {self._most >> 20} MiB"
            append_within(
                self._path,
                _line({"process": os.getpid(), "dropped": f"all from {_now()} on"}),
                self._most + _NOTICE,
            )
        except OSError as error:
            why = error.strerror or str(error)
        except Exception as error:  # noqa: BLE001 - a log never ends what it reports on
            why = f"{type(error).__name__}, a bug of ours"
        self._over.set()
        _log.warning("%s gets no more requests and answers of process %d: %s", self._path, os.getpid(), why)

    def _entry(self, exchange: Exchanged) -> dict[str, Any]:
        mask = self._mask
        mask.learn(exchange.credential)
        answer = self._questions.answered(exchange.request, _text(exchange.answer or b""))
        return {
            "time": _now(),
            "process": os.getpid(),
            "host": exchange.host,
            "operation": answer.operation,
            "class": answer.class_name,
            "query": mask.text(answer.query),
            "options": answer.options,
            "selectors": {name: mask.text(value) for name, value in answer.selectors.items()},
            "seconds": round(exchange.seconds, 3),
            "status": exchange.status,
            "error": mask.text(exchange.error),
            "request": mask.envelope(exchange.sent.decode("utf-8", "backslashreplace"), answer.class_name),
            "answer": None if exchange.answer is None else mask.envelope(answer.envelope, answer.class_name),
        }


def read_wire_file(path: Path) -> tuple[Recording, frozenset[str]]:
    """Return a wire file as a recording, and the names of its hosts. Raises PlacementError where it cannot be read as one."""
    try:
        # Of bytes, for U+0085 and U+2028 in an answer end no line, and a torn line may end within a character.
        lines = read_bounded(path, MOST_BYTES + _NOTICE).removesuffix(b"\n").split(b"\n")
    except OSError as error:
        raise WireLineError(f"{path} cannot be read: {error.strerror}") from error
    recording, hosts, torn, whole = Recording(), set(), list[int](), 0
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            entry = json.loads(text)
        except ValueError:
            # A disk that was full has kept its beginning, and another process went on behind it.
            torn.append(number)
            recording.unanswered[f"line {number}"] = "it is torn"
            continue
        try:
            whole += 1
            # A process begins with such a line, and ends with one where the file was full.
            if "host" not in entry:
                continue
            answer = _answer(entry)
            hosts.add(str(entry["host"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise WireLineError(f"{path}:{number} is not a line of a wire file") from error
        if answer.envelope:
            recording.answers.all.append(answer)
        else:
            recording.unanswered[f"{number}: {answer.operation} {answer.class_name}"] = str(entry["error"])
    if torn and not whole:
        raise WireLineError(f"{path}:{torn[0]} is not a line of a wire file")
    return recording, frozenset(hosts)


def _answer(entry: Mapping[str, Any]) -> Answer:
    return Answer(
        operation=str(entry["operation"]), class_name=str(entry["class"]), query=str(entry["query"]),
        options=str(entry["options"]), selectors={str(n): str(v) for n, v in entry["selectors"].items()},
        envelope=str(entry["answer"] or ""), request=str(entry["request"]),
    )  # fmt: skip


def _text(content: bytes) -> str:
    """Return an answer as text, in UTF-8 or UTF-16 (DSP0226 13): with zeros between its letters no secret would be found."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "backslashreplace")
    zeros = content[:2].find(b"\0")
    encoding = {0: "utf-16-be", 1: "utf-16-le"}.get(zeros, "utf-8")
    return content.decode(encoding, "backslashreplace")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False)
