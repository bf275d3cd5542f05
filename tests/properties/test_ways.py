"""The way to a file that goes by descriptors ends where the kernel's own way ends, over any tree of links of ours."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperv_placement.system import place_of

NAMES = st.sampled_from(["a", "b", "c"])
WAYS = st.lists(st.sampled_from(["a", "b", "c", ".", ".."]), min_size=1, max_size=4).map(
    lambda parts: str(Path(*parts))
)
"""As Path writes them: it leaves out a dot, which asks for a folder."""
MADE = st.tuples(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.sampled_from(["folder", "link", "file"]), WAYS
)


def make(root: Path, name: str, kind: str, target: str) -> None:
    """Make a folder, a file, or a link; what cannot be made is left out."""
    with suppress(OSError):
        if kind == "folder":
            (root / name).mkdir()
        elif kind == "file":
            (root / name).touch(exist_ok=False)
        else:
            (root / name).symlink_to(target)


def by_the_kernel(path: str) -> tuple[int, int] | int:
    """Return which file the kernel finds, or its error."""
    try:
        found = Path(path).stat()
    except OSError as error:
        return error.errno or 0
    return found.st_dev, found.st_ino


def by_descriptors(path: Path) -> tuple[int, int] | int:
    """Return which file our way leads to, or its error."""
    try:
        with place_of(path) as place:
            return by_the_kernel(str(place.path))
    except OSError as error:
        return error.errno or 0


@pytest.mark.skipif(os.name != "posix", reason="links take a privilege there")
@settings(max_examples=100, deadline=None)
@given(made=st.lists(MADE, max_size=8), asked=WAYS)
def test_it_ends_where_the_kernel_ends(made: list[tuple[str, str, str]], asked: str) -> None:
    """With the same file, or as little of one; no descriptor stays open."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, kind, target in made:
            make(root, name, kind, target)
        before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - it is counted, not read
        found, wanted = by_descriptors(root / asked), by_the_kernel(str(root / asked))
        assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208 - the same
    if found in {errno.ENOTDIR, errno.ELOOP, errno.ENOENT}:
        assert wanted in {errno.ENOTDIR, errno.ELOOP, errno.ENOENT}
    else:
        assert found == wanted
