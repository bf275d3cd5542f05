"""Exit codes that mean something are given for nothing else: a slip of the keyboard is no drift."""

from __future__ import annotations

from pathlib import Path

import pytest

from .paper import on_paper, placement, story


@pytest.mark.parametrize(
    "words",
    [
        ("drift", "lab", "--acept"),
        ("drift", "lab", "--markdown", "--json"),
        ("doctor",),
        ("dirft", "lab"),
        (),
    ],
)
def test_what_is_no_command_is_an_error(words: tuple[str, ...]) -> None:
    """Exit code 1 with the usage: 2 says drift, or an ill estate."""
    done = placement(0, *words)
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b"usage: placement")


def test_drift_without_any_credentials_is_an_error(tmp_path: Path) -> None:
    """It is we who cannot ask, and no host is silent: nobody opens an issue over it."""
    stack = on_paper(story("basic/in-place"), tmp_path)[0]
    done = placement(0, "drift", stack)
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b"There are no credentials: HYPERV_USERNAME and HYPERV_PASSWORD not set")
