"""Trouble with a host that does not pass by waiting: silence may, a refused credential does not."""

from __future__ import annotations

import threading

from hyperv_placement.errors import AuthenticationError, CertificateError, CredentialsError, PlacementError

from .faults import AccessDeniedFaultError

LASTING = (AuthenticationError, CertificateError, CredentialsError, AccessDeniedFaultError)
"""A refusal of the host, or a certificate of it that is not trusted: reported at once, and nothing is tried again."""


class ReportedTroubles:
    """Which lasting troubles of one host have been reported: each once, by the first of its moves that meets it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: set[type[PlacementError]] = set()

    def first(self, error: PlacementError) -> bool:
        """Return whether this is the first of its kind; from now on it counts as reported."""
        with self._lock:
            new = type(error) not in self._kinds
            self._kinds.add(type(error))
            return new
