"""Active Directory as the stack file names it, and hosts' accounts in it as it shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .finding import Finding
from .names import HostName
from .policy import UNRESTRICTED, Policy

DirectoryAuthentication = Literal["kerberos", "simple"]
Mode = Literal["protocol-transition", "constrained", "resource-based"]
OnDelete = Literal["keep", "remove"]

TRUSTED_TO_AUTH = 0x1000000
"""Bit TA of userAccountControl: TRUSTED_TO_AUTH_FOR_DELEGATION, "any authentication protocol" (MS-ADTS 2.2.16)."""
FLAG = "TRUSTED_TO_AUTH_FOR_DELEGATION"
"""How the bit stands among the entries of an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectorySpec:
    """Where the directory is asked, and as whom. Secrets are not in here, only where they are read from."""

    server: str
    """URL of a domain controller: `ldaps://NAME[:PORT]`, or `ldap://NAME[:PORT]`, which Kerberos seals."""
    auth: DirectoryAuthentication = "kerberos"
    credentials: Path | None = None
    """A 0600 YAML file with username and password, or keytab; None (Kerberos only): the ticket that is there."""
    ca: Path | None = None
    """PEM file of the authority that signed the domain controller's certificate; None means the system's."""
    kerberos_host: str | None = None
    """The domain controller's name in its service principal ldap/NAME; None means the one in `server`."""
    policy: Policy = field(default=UNRESTRICTED, compare=False, repr=False)
    """Says which logins may be used; never of the stack file."""
    unchangeable: str = field(default="", compare=False, repr=False)
    """Why this stack must not change accounts; empty where it may."""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationSpec:
    """Which hosts may hand their callers' identity to each other."""

    hosts: tuple[HostName, ...]
    mode: Mode = "protocol-transition"
    shares: tuple[str, ...] = ()
    """Names of file servers, short or full, that hold files of machines."""
    on_delete: OnDelete = "keep"
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputerAccount:
    """A host's account in the directory, with what it may delegate."""

    host: HostName
    dn: str
    account: str
    """sAMAccountName, as `HV1$`."""
    full_name: str
    """dNSHostName."""
    allowed_to_delegate: frozenset[str] = frozenset()
    """msDS-AllowedToDelegateTo."""
    trusted_to_auth: bool = False
    """Bit TRUSTED_TO_AUTH of `flags`."""
    flags: int = 0
    """userAccountControl as read."""
    services: frozenset[str] = frozenset()
    """servicePrincipalName: what the host itself answers to."""
    sid: str = ""
    """objectSid, as `S-1-5-21-...`."""
    acting: frozenset[str] = frozenset()
    """SIDs that msDS-AllowedToActOnBehalfOfOtherIdentity lets act on this computer in their callers' names."""
    descriptor: bytes = b""
    """That attribute as read: a security descriptor (MS-DTYP 2.4.6); empty where there is none."""
    kinds: frozenset[str] = frozenset()
    """objectClass, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """Why a name has no account that a host's delegation can be about."""

    why: str
    remedy: str
    account: ComputerAccount | None = None
    """The account where it is one alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What the directory has for some full names of hosts, each in lower case."""

    fit: Mapping[str, ComputerAccount] = field(default_factory=dict)
    unfit: Mapping[str, Unfit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingEntry:
    """What the directory lacks for one direction of one pair."""

    source: HostName
    destination: str
    """A host, or a file server."""
    entry: str
    """A service principal name, `FLAG`, or, for resource-based delegation, the source's account."""
    dn: str = ""
    """Distinguished name of the account of that name, where the directory has reported it."""

    def __str__(self) -> str:
        """Direction and entry, as `hv1 -> hv2: cifs/hv2.corp.example (CN=HV2,OU=Hosts,DC=corp,DC=example)`."""
        return f"{self.source} -> {self.destination}: {self.entry}{f' ({self.dn})' if self.dn else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What is to be added to one account, or taken away again; what others have set there stays."""

    account: ComputerAccount
    delegate_to: tuple[str, ...] = ()
    """Values to add to msDS-AllowedToDelegateTo."""
    not_to: tuple[str, ...] = ()
    """Values to take away there, spelled as the account has them."""
    trust: bool | None = None
    """Whether TRUSTED_TO_AUTH is to be set, or taken away; None leaves it."""
    acting: tuple[ComputerAccount, ...] = ()
    """Who is to be let in by msDS-AllowedToActOnBehalfOfOtherIdentity."""
    not_acting: tuple[ComputerAccount, ...] = ()
    """Who is not to be let in there any more."""

    def __bool__(self) -> bool:
        """Whether there is anything to change."""
        return self.delegates or bool(self.acting or self.not_acting)

    @property
    def delegates(self) -> bool:
        """Whether it is about what the account itself may delegate."""
        return bool(self.delegate_to or self.not_to) or self.trust is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationPlan:
    """What a stack wants of its hosts' accounts, and what the directory lacks of it."""

    spec: DelegationSpec
    full_names: Mapping[HostName, str] = field(default_factory=dict)
    """Of the hosts that answer, and whose names are their own."""
    unknown: tuple[HostName, ...] = ()
    """Hosts about which nothing is known now: what is delegated to and from them counts as it was last seen."""
    refused: Mapping[HostName, str] = field(default_factory=dict)
    """Those among them that something speaks against, and what: nothing is added for them, or taken away."""
    accounts: Mapping[str, str] = field(default_factory=dict)
    """Host or file server -> distinguished name of its account, where the directory has reported it."""
    entries: Mapping[HostName, Mapping[str, str]] = field(default_factory=dict)
    """By host: each entry that its account is to hold, with the host or file server it is about."""
    missing: Mapping[HostName, tuple[MissingEntry, ...]] = field(default_factory=dict)
    """By the host whose account lacks them."""
    findings: tuple[Finding, ...] = ()
