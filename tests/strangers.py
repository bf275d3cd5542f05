"""Another user of this computer, as a test that runs as root can play him."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

STRANGER = 65534
"""`nobody` nearly everywhere; it owns nothing."""
AS_ROOT = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="to make files of another user takes root"
)


def link_of_another(link: Path, target: Path) -> Path:
    """Make a link that another user has made, and return it."""
    link.symlink_to(target)
    os.lchown(link, STRANGER, STRANGER)
    return link


def of_another(path: Path) -> Path:
    """Give a file or folder to another user, and return it."""
    os.chown(path, STRANGER, STRANGER)
    return path
