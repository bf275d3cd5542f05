"""What a host's migration service does to reach other computers as its caller: tickets of the KDC, really accepted there.

Which way a host takes: "Live Migration via Constrained Delegation with Kerberos in Windows Server 2016" (Microsoft's
virtualization blog). From 2016 on WinRM cannot pass the caller's own ticket on, so that the host asks for one in the
caller's name (S4U2Self, MS-SFU 3.1.5.1.1) whoever calls; 2012 R2 takes the ticket of a caller who came by Kerberos.
Then it asks for tickets of the other computers (S4U2Proxy, MS-SFU 3.1.5.2.1). Whether it gets them is the directory's
affair. Resource-based delegation, set at the destination's account, is Samba's from 4.22 on alone.

Kerberos finds the domain by KRB5_CONFIG, which is the process's: one process can serve the hosts of one directory.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import gssapi
import krb5
from gssapi.raw import acquire_cred_with_password

from lab.world import World
from lab.world.builds import SERVER_2016
from lab.world.second_hop import Hop, Service

from .acceptors import KERBEROS, Acceptor
from .ticket_cache import Key, RefusedError, TicketCache
from .users import Users

OWN_TICKET, IN_HIS_NAME, PASSWORD = "own ticket", "S4U2Self", "password"
_FIRST_CODE = -1765328384
"""MIT's krb5 counts the error codes of the protocol (RFC 4120 7.5.9) on from here."""
_CODES = {
    6: "KDC_ERR_C_PRINCIPAL_UNKNOWN", 7: "KDC_ERR_S_PRINCIPAL_UNKNOWN", 12: "KDC_ERR_POLICY", 13: "KDC_ERR_BADOPTION",
    18: "KDC_ERR_CLIENT_REVOKED", 24: "KDC_ERR_PREAUTH_FAILED", 37: "KRB_AP_ERR_SKEW", 41: "KRB_AP_ERR_MODIFIED",
}  # fmt: skip
_VERDICTS = range(1, 29)
"""With these the KDC judges what it was asked; with others it, a clock or another computer is out of order."""


class KerberosSecondHop:
    """Gets the hosts of a lab to each other."""

    def __init__(self, users: Users, world: World) -> None:
        self._users = users
        self._log = world.log
        self._cache = TicketCache(world.clock, world.settings.ticket_cache)

    def reach(self, hop: Hop) -> Service | None:
        """Reach each service as the caller; return the first that cannot be reached."""
        way = _Way(self._users, hop)
        for service in hop.services:
            try:
                reported = self._reach(way, service)
            except RefusedError as refused:
                code = {} if refused.code is None else {"kerberos": code_name(refused.code)}
                self._report(hop, service, way, answer="refused", why=refused.why, **code)
                return service
            self._report(hop, service, way, answer="reached", **reported)
        return None

    def purge(self, host: str) -> int:
        """Forget what a host keeps of the directory's answers."""
        return self._cache.purge(host)

    def _reach(self, way: _Way, service: Service) -> dict[str, str]:
        """Reach one service, by a ticket that is kept or a new one. Raises RefusedError."""
        key = Key(way.hop.source, way.principal.casefold(), way.route, str(service).casefold())
        kept = None if way.route == PASSWORD else self._cache.get(key)
        if kept is None:
            return self._reach_anew(way, service, key)
        if kept.refusal is not None:
            raise RefusedError(f"kept: {kept.refusal.why}", kept.refusal.code)
        way.accepted(kept.tickets, service)
        return {"ticket": "kept"}

    def _reach_anew(self, way: _Way, service: Service, key: Key) -> dict[str, str]:
        """Ask the KDC, and remember its verdict."""
        try:
            tickets = way.tickets()
            way.accepted(tickets, service)
        except RefusedError as refused:
            if way.route != PASSWORD and (refused.code or 0) - _FIRST_CODE in _VERDICTS:
                self._cache.keep(key, refusal=refused)
            raise
        if way.route != PASSWORD:
            self._cache.keep(key, tickets=tickets)
        return {}

    def _report(self, hop: Hop, service: Service, way: _Way, **reported: str) -> None:
        """The codes of Kerberos are the lab's log's alone: Windows shows them to nobody at the host."""
        self._log.write(
            "second-hop", host=hop.source, to=str(service), by=hop.caller.name, way=way.route, **reported
        )


class _Way:
    """How one caller's migration gets from its source to other computers."""

    def __init__(self, users: Users, hop: Hop) -> None:
        self.hop = hop
        self.principal = hop.caller.principal or ""
        self._users = users
        self._tickets: Any = None
        self.route = IN_HIS_NAME
        if hop.caller.password is not None:
            self.route = PASSWORD
        elif hop.build < SERVER_2016 and is_constrained(hop.caller.delegated):
            self.route = OWN_TICKET

    def tickets(self) -> Any:
        """Return a credential of the caller, without tickets of other computers yet. Raises RefusedError."""
        if not self.principal or self.hop.caller.local:
            raise RefusedError("the caller is nobody of the domain")
        if self._tickets is None:
            self._tickets = _guarded(self._ask, "no ticket in the caller's name")
        return self._tickets

    def _ask(self) -> Any:
        if self.route == OWN_TICKET:
            return copied(self.hop.caller.delegated)
        name = gssapi.Name(self.principal, gssapi.NameType.kerberos_principal)
        if self.route == PASSWORD:
            password = (self.hop.caller.password or "").encode()
            return gssapi.Credentials(acquire_cred_with_password(name, password, mechs=[KERBEROS]).creds)
        door = self._users.door(self.hop.source)
        if not isinstance(door, Acceptor):
            raise RefusedError("the host has no credential of its own")
        return door.credential.impersonate(name, mechs=[KERBEROS], usage="initiate")

    def accepted(self, tickets: Any, service: Service) -> None:
        """Have the other computer take a ticket and see the caller. Raises RefusedError."""
        target = gssapi.Name(
            f"{service}@{self._users.directory.domain.realm}".replace(" ", "\\ "),
            gssapi.NameType.kerberos_principal,
        )
        here = gssapi.SecurityContext(name=target, creds=tickets, usage="initiate", mech=KERBEROS)
        token = _guarded(here.step, "no ticket of the other computer")
        there = gssapi.SecurityContext(creds=self._far(service), usage="accept")
        _guarded(lambda: here.step(there.step(token)), "the other computer refuses the ticket")
        seen = str(there.initiator_name)
        if not (here.complete and there.complete) or seen.casefold() != self.principal.casefold():
            raise RefusedError(f"the other computer sees {seen}")

    def _far(self, service: Service) -> Any:
        """Return what the other computer has: its keytab. Raises RefusedError where the domain has no such computer."""
        wanted, directory = service.server.casefold(), self._users.directory
        for computer in directory.domain.computers:
            if wanted in (computer.full_name.casefold(), computer.name.casefold()):
                store = {"keytab": str(directory.keytab(computer.label))}
                return gssapi.Credentials(usage="accept", mechs=[KERBEROS], store=store)
        raise RefusedError("nobody in the domain has that name")


class _Cache:
    """A Kerberos cache in memory that holds a copy of a credential's tickets."""

    def __init__(self, credential: Any) -> None:
        self._context = krb5.init_context()
        self._cache = krb5.cc_new_unique(self._context, b"MEMORY")
        self.store = {"ccache": f"MEMORY:{self._cache.name.decode()}"}
        credential.store(self.store, usage="initiate", overwrite=True)

    def is_for_a_service(self) -> bool:
        try:
            krb5.cc_get_config(self._context, self._cache, None, b"proxy_impersonator")
        except krb5.Krb5Error:
            return False
        return True

    def destroy(self) -> None:
        krb5.cc_destroy(self._context, self._cache)


class _Copy(gssapi.Credentials):  # type: ignore[misc]  # of a package without types
    """A credential that can be watched for its end: gssapi's own takes no weak reference."""


def is_constrained(credential: Any) -> bool:
    """Say whether what a caller has left is his ticket for this host, to be used for constrained delegation.

    A ticket-granting ticket that he has handed over would be delegation without bounds, for which no host of the lab
    is trusted; that a 2012 R2 host then goes on as for other callers is a guess.
    """
    if credential is None:
        return False
    cache = _Cache(credential)
    try:
        return cache.is_for_a_service()
    finally:
        cache.destroy()


def copied(credential: Any) -> Any:
    """Return a copy with a cache of its own: the original would keep each ticket that it ever got."""
    cache = _Cache(credential)
    copy = _Copy(usage="initiate", mechs=[KERBEROS], store=cache.store)
    weakref.finalize(copy, cache.destroy)
    return copy


def code_name(code: int) -> str:
    """Return Kerberos' name of an error code, or the number as MIT's krb5 has it."""
    return _CODES.get(code - _FIRST_CODE, str(code))


def _guarded(step: Callable[[], Any], what: str) -> Any:
    """Do one step of GSS-API; its error becomes a RefusedError."""
    try:
        return step()
    except gssapi.exceptions.GSSError as error:
        code = int(error.min_code)  # unsigned in places
        raise RefusedError(what, code - 2**32 if code >= 2**31 else code) from error
