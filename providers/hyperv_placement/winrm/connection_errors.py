"""How a login or the connection beneath it can fail: apart from the libraries that dial, which are slow to load."""

from __future__ import annotations

from hyperv_placement.errors import AuthenticationError, HostUnreachableError


class AnswerLostError(HostUnreachableError):
    """A request may have reached the host, and no answer came: look what has become of it before sending it again."""

    def __init__(self, message: str, *, timed_out: bool = False, remedy: str | None = None) -> None:
        """`timed_out`: the connection stood all the while, but the host was silent."""
        super().__init__(message, remedy=remedy)
        self.timed_out = timed_out


class LoginLostError(HostUnreachableError):
    """A host does not know a login (any more), or it was cut short: the request was not carried out."""

    remedy = "Look for a proxy between that splits connections, or for what restarts the WinRM service there"


class BusyHostError(HostUnreachableError):
    """A host answered that it cannot serve now (HTTP 503); nothing was done."""


class LoginImpossibleError(AuthenticationError):
    """A login could not even be tried, so that nobody has judged the credential."""


class NotTriedError(AuthenticationError):
    """Another host has refused the credential, so this one was not asked: else the account might be locked."""
