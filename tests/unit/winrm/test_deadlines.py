"""What is called when a time is over, and what is not."""

from __future__ import annotations

import threading

from hyperv_placement.winrm.deadlines import Deadlines

_SOON, _PATIENCE = 0.05, 30.0


def test_an_earlier_end_is_called_while_a_later_one_is_waited_for() -> None:
    """The thread that waits for the first to begin learns of one that ends sooner."""
    deadlines, soon, far = Deadlines(), threading.Event(), threading.Event()
    with deadlines.call(_PATIENCE, far.set), deadlines.call(_SOON, soon.set):
        assert soon.wait(_PATIENCE)
        assert not far.is_set()


def test_what_is_over_in_time_is_not_called() -> None:
    """A block that was left counts no more, when its end comes and another is called."""
    deadlines, over, after = Deadlines(), threading.Event(), threading.Event()
    with deadlines.call(_SOON, over.set):
        pass
    with deadlines.call(2 * _SOON, after.set):
        assert after.wait(_PATIENCE)
    assert not over.is_set()


def test_one_thread_serves_all() -> None:
    """However many follow each other: the next one finds the thread of the first."""
    deadlines, served = Deadlines(), set[threading.Thread]()
    for _ in range(3):
        called = threading.Event()

        def late(called: threading.Event = called) -> None:
            served.add(threading.current_thread())
            called.set()

        with deadlines.call(0, late):
            assert called.wait(_PATIENCE)
    assert len(served) == 1
