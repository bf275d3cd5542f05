"""What is made once for all labs of a user, and run as root."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.directory.cache import cache_folder, entry
from lab.directory.errors import DirectoryError
from tests.strangers import AS_ROOT, of_another


def test_an_entry_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is its owner's alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = [entry("a", lambda folder: (folder / "x").touch()) for _ in range(2)]
    assert made == [cache_folder() / "a"] * 2
    assert (made[0] / "x").exists()
    assert made[0].stat().st_mode & 0o077 == 0


@AS_ROOT
def test_a_cache_that_somebody_else_can_fill_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither one of another user, nor one that others may write; nor below a folder of that kind."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    entry("a", lambda _: None)
    cache = cache_folder()
    for folder in (cache, cache.parent):
        folder.chmod(0o777)
        with pytest.raises(DirectoryError, match="others may write"):
            entry("a", lambda _: None)
        folder.chmod(0o700)
    of_another(cache)
    with pytest.raises(DirectoryError, match="another user"):
        entry("a", lambda _: None)
