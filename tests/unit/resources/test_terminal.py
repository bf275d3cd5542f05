"""What program and plugin know of the terminal."""

from __future__ import annotations

import pytest

from hyperv_placement.resources.terminal import TERMINAL, is_live, is_narrow


@pytest.mark.parametrize(
    ("said", "live", "narrow"),
    [(None, False, False), ("", False, False), ("0", False, False), ("1", True, False), ("100", True, True), ("200", True, False), ("yes", True, False)],
)  # fmt: skip
def test_only_a_terminal_of_known_width_is_narrow(
    said: str | None, live: bool, narrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sets the variable by hand says that there is one, as before."""
    monkeypatch.delenv(TERMINAL, raising=False)
    if said is not None:
        monkeypatch.setenv(TERMINAL, said)
    assert (is_live(), is_narrow()) == (live, narrow)
