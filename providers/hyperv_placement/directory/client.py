"""The client of one directory: a connection that several threads share, searches and changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import TypeVar

from hyperv_placement import quoting
from hyperv_placement.clock import Clock
from hyperv_placement.errors import (
    CredentialsError,
    DirectoryChangedError,
    DirectoryDeniedError,
    DirectoryLoginError,
    DirectoryUnreachableError,
    PlacementError,
    PolicyError,
)
from hyperv_placement.model.directory import AccountChange, Accounts, ComputerAccount, DirectorySpec
from hyperv_placement.model.names import dns, folded
from hyperv_placement.model.own_name import NETBIOS
from hyperv_placement.planning.delegation.entries import ldif, powershell, services_of
from hyperv_placement.planning.delegation.host_accounts import base_services, judged

from . import accounts, messages
from .accounts import ACCOUNT, COMPUTER, FLAGS, FULL_NAME, PERSON, SERVICES, Person
from .allowance import Allowance
from .channel import Channel, ClosedError
from .login import credential_of, log_in
from .messages import Entry, Result
from .modifying import steps_of

_log = logging.getLogger(__name__)
_AT_ONCE = 20
"""Names in one filter, which has seven terms for each."""
_MOST = 10_000
"""Objects that one search may return."""
Answer = TypeVar("Answer")


class DirectoryClient:
    """A client of one directory. Any number of threads may use it; one request is under way at a time."""

    def __init__(self, spec: DirectorySpec, *, clock: Clock) -> None:
        """Raises PolicyError where the operator's policy forbids the login."""
        if spec.policy.judges_logins:
            with suppress(CredentialsError):
                credential_of(spec)
        self._spec = spec
        self._clock = clock
        self._lock = threading.Lock()
        self._channel: Channel | None = None
        self._number = 0
        self._owner = ""
        self._base = ""
        self._failed: tuple[float, PlacementError] | None = None

    @property
    def server(self) -> str:
        """The URL of the directory."""
        return self._spec.server

    def computers(self, full_names: Iterable[str]) -> Accounts:
        """Return the accounts of hosts with these names, and for the other names why no account can be a host's.

        Raises DirectoryUnreachableError (or its kind for a refused login), DirectoryDeniedError, CertificateError or
        CredentialsError.
        """
        names = list(full_names)
        return judged(names, self.related(names))

    def related(self, full_names: Iterable[str]) -> tuple[ComputerAccount, ...]:
        """Return every account that has one of these names, or a service of such a host.

        That includes users, which can have a service, too. Raises as `computers` does.
        """
        names = sorted({dns(name) for name in full_names})
        found: dict[str, ComputerAccount] = {}
        for start in range(0, len(names), _AT_ONCE):
            part = names[start : start + _AT_ONCE]
            asked = [(FULL_NAME, name) for name in part]
            asked += [
                (SERVICES, service) for name in part for service in (*services_of(name), *base_services(name))
            ]
            # "user" includes computers, which are a subclass of it (MS-ADSC): a service may be in anybody's account.
            search = partial(self._search, asked, COMPUTER, object_class="user")
            for entry in self._asked(search):
                found[entry.dn] = accounts.related(entry, names)
        return tuple(found.values())

    def controllers(self, names: Iterable[str]) -> frozenset[str]:
        """Return which of these names of machines are those of domain controllers, by their accounts. Raises as `computers` does."""
        # An account's name has the first 15 characters, and a dollar sign (sAMAccountName).
        wanted = {folded(name[:NETBIOS]): name for name in names}
        found: set[str] = set()
        asked = sorted(wanted)
        for start in range(0, len(asked), _AT_ONCE):
            search = partial(
                self._search,
                [(ACCOUNT, f"{name}$") for name in asked[start : start + _AT_ONCE]],
                (ACCOUNT, FLAGS),
                object_class="computer",
            )
            found |= {
                wanted[name]
                for entry in self._asked(search)
                if (name := accounts.controller_called(entry)) in wanted
            }
        return frozenset(found)

    def person(self, principal: str) -> Person | None:
        r"""Return the account of `user@domain`, `DOMAIN\user` or `user`; None if there is none. Raises as `computers`."""
        user = principal.rsplit("\\", maxsplit=1)[-1]
        names = [("userPrincipalName", user), ("sAMAccountName", user.split("@")[0])]

        def read() -> list[Entry]:
            found = self._search(names, (), object_class="user")
            # tokenGroups is computed only for a search of one object (MS-ADTS 3.1.1.4.5.19)
            return self._search([], PERSON, base=found[0].dn) if len(found) == 1 else []

        found = self._asked(read)
        return accounts.person(found[0]) if found else None

    def change(self, change: AccountChange) -> None:
        """Carry out all of `change` or nothing; what others have set stays.

        Raises DirectoryChangedError where the account is no longer as it was read, DirectoryDeniedError with the
        right that is missing, and as `computers` does: then it is unknown whether it was carried out.
        """
        steps = steps_of(change)
        if not steps:
            return
        if self._spec.unchangeable:
            raise PolicyError(f"{change.account.dn}: {self._spec.unchangeable}")
        attributes = ", ".join(dict.fromkeys(step.attribute for step in steps))
        _log.info("%s: modifying %s of %s", self.server, attributes, change.account.dn)
        result = self._asked(
            lambda: self._request(lambda number: messages.modify(number, change.account.dn, steps)),
            repeatable=False,  # a Modify whose answer was lost may have been carried out
        )
        _log.info("%s: modifying %s returned %s", self.server, change.account.dn, result)
        # By these the server refuses to take out what is gone, or to add what is there: somebody was faster.
        if result.code in {messages.NO_SUCH_ATTRIBUTE, messages.TYPE_OR_VALUE_EXISTS}:
            raise DirectoryChangedError(
                f"{change.account.dn} was changed by somebody else meanwhile ({result})"
            )
        if result.code == messages.INSUFFICIENT_ACCESS:
            raise self._denied(change, result)
        if result.code != messages.SUCCESS:
            raise DirectoryDeniedError(
                f"The directory did not change {change.account.dn} ({result})", remedy=_by_others(change)
            )

    def close(self) -> None:
        """Close the connection; the next request connects again."""
        with self._lock:
            self._hang_up()

    def _denied(self, change: AccountChange, result: Result) -> DirectoryDeniedError:
        attributes = " and ".join(dict.fromkeys(step.attribute for step in steps_of(change)))
        # Learn names the privilege; halvantic/hyperv-control-plane wrote msDS-AllowedToDelegateTo without it in a lab: unverified.
        privilege = (
            " and the privilege SeEnableDelegationPrivilege (Enable computer and user accounts to be trusted for "
            "delegation) on the domain controllers"
            if change.delegates
            else ""
        )
        return DirectoryDeniedError(
            f"{self._owner} may not change {attributes} of {change.account.dn} ({result})",
            remedy=f"It needs write access to {attributes} of {change.account.dn}{privilege}. {_by_others(change)}",
        )

    def _asked(self, ask: Callable[[], Answer], *, repeatable: bool = True) -> Answer:
        """Return what `ask` returns on a connection that is logged in.

        Threads that waited during a failure share it: a silent directory is waited for once, not by each thread. A
        refused login is not tried again.
        """
        begun = self._clock.now()
        with self._lock:
            # A failure that came while this thread waited for the lock is the answer to its question, too.
            if self._failed is not None and (
                self._failed[0] >= begun or isinstance(self._failed[1], DirectoryLoginError)
            ):
                raise self._failed[1]
            try:
                return self._attempt(ask, again=repeatable and self._channel is not None)
            except (ClosedError, messages.UnreadableError) as error:
                raise self._fail(
                    DirectoryUnreachableError(f"The connection to {self.server} broke off ({error})")
                ) from error
            except PlacementError as error:
                raise self._fail(error) from error.__cause__

    def _attempt(self, ask: Callable[[], Answer], *, again: bool) -> Answer:
        """Ask; a kept connection may have been closed by the server meanwhile, so `again` allows a second attempt."""
        try:
            self._connected()
            return ask()
        except ClosedError as error:
            if not again:
                raise
            _log.info("%s: connecting and asking once more: %s", self.server, error)
            self._hang_up()
            self._connected()
            return ask()

    def _fail(self, error: PlacementError) -> PlacementError:
        _log.info("%s: %s", self.server, error.message)
        self._hang_up()
        self._failed = (self._clock.now(), error)
        return error

    def _connected(self) -> None:
        if self._channel is not None:
            return
        # The root would answer without a login, too; asked for after it, what it says comes sealed, or through TLS.
        self._channel = Channel(self._spec.server, self._spec.ca, self._clock)
        self._owner = log_in(self._spec, self._channel, self._request)
        root = self._search([], ("defaultNamingContext",), base="")
        base = b"".join(root[0].attributes.get("defaultnamingcontext", ())) if root else b""
        self._base = messages.text(base)
        _log.info("%s: connected, auth: %s, domain %s", self.server, self._spec.auth, self._base)

    def _hang_up(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _request(self, message: Callable[[int], bytes]) -> Result:
        """Send the message that `message` builds for a number, and return its result."""
        for answer in self._answers(message, Allowance(self.server, self._clock)):
            if isinstance(answer, Result):
                return answer
        raise ClosedError("no result")

    def _search(
        self,
        alternatives: list[tuple[str, str]],
        attributes: Iterable[str],
        *,
        base: str | None = None,
        object_class: str | None = None,
    ) -> list[Entry]:
        """Return what a search finds in the domain, or only the object `base`, page by page."""
        found: list[Entry] = []
        allowance = Allowance(self.server, self._clock)
        cookie, names = b"", list(attributes) or ["1.1"]  # no attribute at all (RFC 4511 4.5.1.8)
        while True:
            result = Result(code=messages.SUCCESS)
            allowance.turn()
            for answer in self._answers(
                lambda number, cookie=cookie: messages.search(  # type: ignore[misc] # a default binds it
                    number, self._base if base is None else base, alternatives, names,
                    scope="subtree" if base is None else "base", object_class=object_class, cookie=cookie,
                ),
                allowance,
            ):  # fmt: skip
                if isinstance(answer, Entry):
                    found.append(answer)
                elif answer is not None:
                    result = answer
                if len(found) > _MOST:
                    raise DirectoryUnreachableError(
                        f"{self.server} found more than {_MOST} objects", remedy=""
                    )
            if result.code != messages.SUCCESS:
                raise DirectoryUnreachableError(
                    f"{self.server} did not answer a search ({result})", remedy=""
                )
            if not (cookie := result.cookie):
                _log.debug(
                    "%s: %d objects below %s for %s",
                    self.server, len(found), self._base if base is None else base or "the root", alternatives,
                )  # fmt: skip
                return found

    def _answers(
        self, message: Callable[[int], bytes], allowance: Allowance
    ) -> Iterator[Entry | Result | None]:
        """Send a request and yield its answers up to the result."""
        channel = self._channel
        if channel is None:
            raise ClosedError("not connected")
        self._number += 1
        channel.send(message(self._number))
        answer: Entry | Result | None = None
        while not isinstance(answer, Result):
            raw = channel.receive()
            allowance.take(raw)
            number, answer = messages.decoded(raw)
            if number == self._number:
                yield answer
            elif isinstance(answer, Result):  # a notice of disconnection has the number 0 (RFC 4511 4.4.1)
                raise ClosedError(str(answer))


def _by_others(change: AccountChange) -> str:
    """Return the change in forms that somebody with the rights can carry out."""
    return (
        f"Or have a domain administrator do it, by this LDIF ({quoting.own('ldifde -i -f FILE, or ldapmodify')}):\n"
        f"{ldif([change])}or in PowerShell:\n{powershell([change])}"
    )
