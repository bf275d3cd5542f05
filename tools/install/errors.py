"""The one error of set-up."""

from __future__ import annotations


class SetupError(Exception):
    """Set-up cannot go on; the message is one line that says what is missing and how to get it."""
