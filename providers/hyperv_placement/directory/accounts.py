"""Objects of the directory as values: computers with their delegation, and callers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hyperv_placement.errors import DirectoryDeniedError, DirectoryUnreachableError
from hyperv_placement.model.directory import TRUSTED_TO_AUTH, ComputerAccount
from hyperv_placement.model.names import HostName, dns, folded
from hyperv_placement.planning.delegation.host_accounts import is_controller_by
from hyperv_placement.planning.delegation.security_descriptor import allowed, sid_text

from .messages import Entry

DELEGATE_TO = "msDS-AllowedToDelegateTo"
ACTING = "msDS-AllowedToActOnBehalfOfOtherIdentity"
FLAGS = "userAccountControl"
FULL_NAME = "dNSHostName"
SERVICES = "servicePrincipalName"
CLASS = "objectClass"
ACCOUNT = "sAMAccountName"
COMPUTER = (ACCOUNT, FULL_NAME, FLAGS, "objectSid", SERVICES, DELEGATE_TO, ACTING, CLASS)
PERSON = (FLAGS, "tokenGroups")
_NOT_DELEGATED = 0x100000
"""Bit ND of userAccountControl (MS-ADTS 2.2.16)."""
_PROTECTED_USERS = "-525"
"""RID of the group (MS-ADTS 6.1.1.6, Protected Users)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A caller, with what matters for delegation."""

    dn: str
    sensitive: bool
    """"Account is sensitive and cannot be delegated"."""
    protected: bool
    """A member of Protected Users, directly or through other groups."""


def related(entry: Entry, names: Collection[str]) -> ComputerAccount:
    """Return the whole account if it is a computer called one of `names` (in lower case, without the root's dot), otherwise only what is needed of it.

    Raises DirectoryDeniedError where it is such a computer and we may not read it.
    """
    called = dns(full_name_of(entry)) in names
    return computer(entry) if called and is_computer(entry) else other(entry)


def computer(entry: Entry) -> ComputerAccount:
    """Return a computer's account. Raises DirectoryDeniedError where we may not read it."""
    try:
        flags = int(_one(entry, FLAGS))
        descriptor = b"".join(_values(entry, ACTING)[:1])
        full_name = _one(entry, FULL_NAME).rstrip(".")
        return ComputerAccount(
            host=HostName(full_name),
            dn=entry.dn,
            account=_one(entry, "sAMAccountName"),
            full_name=full_name,
            allowed_to_delegate=_texts(entry, DELEGATE_TO),
            trusted_to_auth=bool(flags & TRUSTED_TO_AUTH),
            flags=flags,
            services=_texts(entry, SERVICES),
            kinds=frozenset(kind.lower() for kind in _texts(entry, CLASS)),
            sid=sid_text(_values(entry, "objectSid")[0]),
            acting=allowed(descriptor),
            descriptor=descriptor,
        )
    except (IndexError, UnicodeDecodeError) as error:
        raise DirectoryDeniedError(
            f"The account {entry.dn} cannot be read in full",
            remedy=f"Let this account read {', '.join(COMPUTER)} of it",
        ) from error
    except ValueError as error:
        raise _nonsense(entry, error) from error


def _nonsense(entry: Entry, error: ValueError) -> DirectoryUnreachableError:
    return DirectoryUnreachableError(
        f"The directory shows the account {entry.dn} with malformed values ({error})", remedy=""
    )


def other(entry: Entry) -> ComputerAccount:
    """Return what is needed of an account that was found only by a service; what cannot be read is empty."""
    try:
        services = _texts(entry, SERVICES)
    except ValueError:
        services = frozenset()
    try:
        flags = int(b"".join(_values(entry, FLAGS)[:1]) or b"0")
    except ValueError as error:
        raise _nonsense(entry, error) from error
    return ComputerAccount(
        host=HostName(""), dn=entry.dn, account="", full_name=full_name_of(entry), services=services, flags=flags,
        kinds=_kinds(entry),
    )  # fmt: skip


def controller_called(entry: Entry) -> str:
    """Return the folded name of a domain controller's account, without the dollar sign; empty where it is another's."""
    name = b"".join(entry.attributes.get(ACCOUNT.lower(), ())[:1]).decode(errors="replace")
    # With readable attributes alone: where the flags cannot be read nothing is known, and nobody is called a controller for that.
    flags = b"".join(entry.attributes.get(FLAGS.lower(), ())[:1])
    controller = flags.lstrip(b"-").isdigit() and is_controller_by(int(flags))
    return folded(name.removesuffix("$")) if controller else ""


def is_computer(entry: Entry) -> bool:
    """Say whether an object is a computer, by its classes."""
    return "computer" in _kinds(entry)


def _kinds(entry: Entry) -> frozenset[str]:
    return frozenset(
        kind.decode(errors="replace").lower() for kind in entry.attributes.get(CLASS.lower(), ())
    )


def full_name_of(entry: Entry) -> str:
    """Return an account's full name; empty where it has none."""
    return b"".join(entry.attributes.get(FULL_NAME.lower(), ())[:1]).decode(errors="replace")


def person(entry: Entry) -> Person:
    """Return a caller. Raises DirectoryDeniedError where we may not read the account."""
    try:
        flags = int(_one(entry, FLAGS))
        # Members of groups in groups, too: the server computes it for the account (MS-ADTS, tokenGroups).
        groups = [sid_text(raw) for raw in _values(entry, "tokenGroups")]
    except (IndexError, ValueError) as error:
        raise DirectoryDeniedError(
            f"The account {entry.dn} cannot be read in full", remedy=f"Let this account read {FLAGS} of it"
        ) from error
    return Person(
        dn=entry.dn,
        sensitive=bool(flags & _NOT_DELEGATED),
        protected=any(sid.startswith("S-1-5-21-") and sid.endswith(_PROTECTED_USERS) for sid in groups),
    )


def _values(entry: Entry, attribute: str) -> tuple[bytes, ...]:
    """Return the values of an attribute. Raises ValueError where the server returns only a part of them."""
    name = attribute.lower()
    # Active Directory then gives a part, under the name with an option: `;range=0-1499` (MS-ADTS, Range Retrieval).
    if any(each.startswith(f"{name};") for each in entry.attributes):
        raise ValueError(f"more values of {attribute} than fit into one answer")
    return entry.attributes.get(name, ())


def _one(entry: Entry, attribute: str) -> str:
    return _values(entry, attribute)[0].decode()


def _texts(entry: Entry, attribute: str) -> frozenset[str]:
    return frozenset(value.decode() for value in _values(entry, attribute))
