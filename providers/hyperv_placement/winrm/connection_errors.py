"""How a login or the connection beneath it can fail: apart from the libraries that dial, which are slow to load."""

from __future__ import annotations

from hyperv_placement.errors import AuthenticationError, HostUnreachableError


class AnswerLostError(HostUnreachableError):
    """A request may have reached the host, and no answer came: whoever sent it must look before doing it again."""

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        """`timed_out`: the connection stood all the while, but the host was silent."""
        super().__init__(message)
        self.timed_out = timed_out


class LoginLostError(HostUnreachableError):
    """A host does not know a login (any more), or it was cut short: the request was not carried out."""

    remedy = "Look for a proxy between that splits connections, or for what restarts the WinRM service there"


class BusyHostError(HostUnreachableError):
    """A host answered that it cannot serve now (HTTP 503); nothing was done."""


class LoginImpossibleError(AuthenticationError):
    """There was no attempt that a host or a domain would have judged: nothing is said against the credential."""


class NotTriedError(AuthenticationError):
    """Another host has refused the credential, so this one was not asked: no account gets locked."""
