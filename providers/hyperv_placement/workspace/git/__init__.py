"""What git has of the repository at a revision: asked of git alone, so that no file of a pull request comes to lie on a disk."""

from .attributes import conversions
from .contents import LARGEST, at_revision, contents
from .revisions import is_revision, is_tracked, named, stack_names

__all__ = [
    "LARGEST",
    "at_revision",
    "contents",
    "conversions",
    "is_revision",
    "is_tracked",
    "named",
    "stack_names",
]
