"""Stack files to load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperv_placement.errors import StackFileError
from hyperv_placement.model.stack import Stack
from hyperv_placement.stackfile import load

from .sites import Site

Load = Callable[[str], Stack]
Findings = Callable[[str | bytes], list[str]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the stack file of a test stands."""
    return tmp_path / "lab.yaml"


@pytest.fixture
def load_text(path: Path) -> Load:
    """Load a text as stack file."""

    def run(text: str) -> Stack:
        path.write_text(text, encoding="utf-8", newline="")
        return load(path)

    return run


@pytest.fixture
def findings(path: Path) -> Findings:
    """Load what must be refused; the lines of the error, the file's name cut off."""

    def run(content: str | bytes) -> list[str]:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with pytest.raises(StackFileError) as caught:
            load(path)
        lines = str(caught.value).split("\n")
        assert all(line.startswith(f"{path}:") for line in lines)
        return [line.removeprefix(f"{path}:") for line in lines]

    return run


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A checkout and an operator, of this user."""
    return Site(tmp_path, monkeypatch)
