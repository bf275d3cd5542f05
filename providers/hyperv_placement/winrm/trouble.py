"""Trouble with a host that waiting does not cure: silence passes, a refused credential does not."""

from __future__ import annotations

import threading

from hyperv_placement.errors import AuthenticationError, CertificateError, CredentialsError, PlacementError

from .faults import AccessDeniedFaultError

LASTING = (AuthenticationError, CertificateError, CredentialsError, AccessDeniedFaultError)
"""What a host, or its certificate, says against us: it is reported at once, and nothing is tried again by itself."""


class Told:
    """Which lasting troubles of one host have been reported: each once, whoever of its moves meets it first."""

    def __init__(self) -> None:
        """Nothing has been reported yet."""
        self._lock = threading.Lock()
        self._kinds: set[type[PlacementError]] = set()

    def first(self, error: PlacementError) -> bool:
        """Say whether this is the first of its kind, and take it as reported from now on."""
        with self._lock:
            new = type(error) not in self._kinds
            self._kinds.add(type(error))
            return new
