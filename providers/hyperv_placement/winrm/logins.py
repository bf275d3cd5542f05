"""Each credential is tried on one host first: a wrong password tried on many at once would lock the account."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from hyperv_placement.errors import AuthenticationError
from hyperv_placement.model.names import HostName

from .connection_errors import LoginImpossibleError, NotTriedError
from .credentials import Credential

Result = TypeVar("Result")


class Logins:
    """Which credentials hosts have accepted or refused in this process; shared by all hosts of an estate."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._trials: dict[Credential, threading.Lock] = {}
        self._proven: set[Credential] = set()
        self._refused: dict[Credential, AuthenticationError] = {}
        self._refused_at: dict[tuple[HostName, Credential], AuthenticationError] = {}

    def use(self, credential: Credential, host: HostName, send: Callable[[], Result]) -> Result:
        """Log on with `credential` at `host` by `send`; while it is unproven, one such call runs at a time.

        Raises AuthenticationError without trying where the credential was refused before.
        """
        with self._lock:
            trial = self._trials.setdefault(credential, threading.Lock())
            proven = credential in self._proven
        if proven:
            return self._tried(credential, host, send)
        with trial:
            return self._tried(credential, host, send)

    def _tried(self, credential: Credential, host: HostName, send: Callable[[], Result]) -> Result:
        with self._lock:  # only now: while this thread waited for its turn, another may have been refused
            here, elsewhere = self._refused_at.get((host, credential)), self._refused.get(credential)
        if here is not None:
            raise AuthenticationError(here.message, remedy=here.remedy)
        if elsewhere is not None:
            raise NotTriedError(elsewhere.message, remedy=elsewhere.remedy)
        try:
            result = send()
        except LoginImpossibleError:  # a kind of AuthenticationError that says nothing against the credential
            raise
        except AuthenticationError as error:
            with self._lock:
                self._refused_at[host, credential] = error
                # Where another host accepts the credential, the fault lies with this host, not with the password.
                if credential not in self._proven:
                    self._refused[credential] = error
                # It may have been changed meanwhile: one host at a time again, or many refusals would lock the account.
                self._proven.discard(credential)
            raise
        with self._lock:
            self._proven.add(credential)
        return result
