"""What a run under way reads of the state that it shares with others: holds that were set since, and whether it has to yield."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from hyperv_placement.clock import Clock
from hyperv_placement.errors import MoveRefusedError, PlacementError
from hyperv_placement.model.calendar import Day
from hyperv_placement.model.move import Move
from hyperv_placement.model.stack import Hold, zoned
from hyperv_placement.planning.machine.held import named
from hyperv_placement.workspace.holds import SharedHolds, holds_in
from hyperv_placement.workspace.yielding import YieldRequest, asked, take_away

_log = logging.getLogger(__name__)
EVERY_S = 20.0
"""Seconds between two readings by the engine, each a quarter of a second of a processor (seen with 3.260)."""
IN_FOLDER_S = 2.0
"""Seconds between two looks at a folder, which are calls of stat."""
ANSWER_S = 10.0
"""Seconds that the answer to a request may take before the run yields without it."""


class SharedWatch:
    """The shared state of one run, read in a thread of its own from the first move on."""

    def __init__(self, shared: SharedHolds, clock: Clock, begun: datetime | None, zone: tzinfo = UTC) -> None:
        """`begun`: when the run began, in UTC; None where that is not known, and what is there at the first reading counts as older.

        `zone`: of the stack file, by whose clocks holds end.
        """
        self._shared = shared
        self._clock = clock
        self._begun = begun
        self._zone = zone
        self._lock = threading.Lock()
        self._running = False
        self._tell: Callable[[str], None] = lambda _text: None
        self._seen = False
        """Whether the state has been read at all."""
        self._holds: tuple[Hold, ...] = ()
        self._old: str | None = None
        """The request that was there before this run."""

    def begin(
        self,
        leave: Callable[[str], None],
        over: threading.Event,
        *,
        tell: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Watch from now on, once, until `over` is set.

        `leave`: is called, once, with who wants the stack. `tell`: is called with each hold that has come since.
        """
        with self._lock:
            if self._running:
                return
            self._running, self._tell = True, tell
        threading.Thread(target=self._watch, args=(leave, over), daemon=True).start()

    def check(self, label: str, move: Move) -> None:
        """Raise MoveRefusedError where a hold that was set meanwhile keeps a machine from moving, or its destination from getting it."""
        today = Day.at(self._clock.utc(), self._zone)
        for hold in self._holds:
            keeps = hold.label == label or (move.changes_host and hold.host == move.destination)
            if keeps and today <= hold.until:
                raise MoveRefusedError(
                    f"{move.vm.name} was not started: {named(hold)}", remedy="Run again when it is released"
                )

    def _watch(self, leave: Callable[[str], None], over: threading.Event) -> None:
        stamp: object = None
        every = IN_FOLDER_S if self._shared.in_folder else EVERY_S
        while not over.is_set():
            seen = self._shared.stamp()
            if not self._seen or seen is None or seen != stamp:
                request, stamp = self._read(), seen
                if request is not None:
                    self._answer(request)
                    leave(str(request))
                    return
            self._clock.wait(every, over)

    def _read(self) -> YieldRequest | None:
        """Note the holds, and return a request that is for this run. What cannot be read is as it was: the next reading may tell."""
        try:
            tags = self._shared.tags()
        except PlacementError as error:
            _log.info("the shared state was not read this time: %s", error.message)
            return None
        first, self._seen = not self._seen, True
        try:
            self._note(holds_in(tags), first=first)
        except PlacementError as error:  # a torn hold must not keep a request from being seen
            _log.info("the holds of the shared state were not read this time: %s", error.message)
        request = asked(tags)
        if request is None or request.id == self._old:
            return None
        if first and (self._begun is None or request.at <= self._begun):
            self._old = request.id
            return None
        return request

    def _note(self, holds: tuple[Hold, ...], *, first: bool) -> None:
        """Keep the holds, and report those that are new; what stood there before is in the plan."""
        ours = tuple(zoned(each, self._zone) for each in holds)
        come = [] if first else [each for each in ours if each not in self._holds]
        self._holds = ours
        for hold in come:
            self._tell(f"{named(hold)}. What has not started stays where it is")

    def _answer(self, request: YieldRequest) -> None:
        """Take the request away, which whoever made it waits for; the run yields without that, too, where it takes long."""

        def answer() -> None:
            try:
                take_away(self._shared, request)
            except PlacementError as error:
                _log.info("the request to yield was not taken away: %s", error.message)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        thread.join(ANSWER_S)
