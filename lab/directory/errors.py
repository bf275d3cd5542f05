"""The one error of the directory."""

from __future__ import annotations


class DirectoryError(Exception):
    """The directory cannot be had; the text is one line with what to do."""
