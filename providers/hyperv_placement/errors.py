"""The errors an operator can meet: few classes, each with a remedy and whether trying again can help."""

from __future__ import annotations

from typing import ClassVar

from .visible import visible, visible_lines


class PlacementError(Exception):
    """Root of all our errors. Callers branch on the class or on `retryable`, never on the text.

    `str(error)` is one line: what was tried, on what, what came back, and what to do about it.
    """

    retryable: ClassVar[bool] = False
    may_still_run: ClassVar[bool] = False
    """Whether a host may still be working on it: then its room stays taken."""
    remedy: str = ""

    def __init__(self, message: str, *, remedy: str | None = None, detail: str = "") -> None:
        """Keep the one-line `message`; `remedy` overrides the class's own, `detail` is for --debug only."""
        super().__init__(message)
        self.message = message
        self.detail = detail
        if remedy is not None:
            self.remedy = remedy

    def __str__(self) -> str:
        """Message and remedy as one line; what hosts and files put into it is made visible."""
        text = visible(" ".join(self.message.split())).rstrip(".")
        return f"{text}. {self._advice()}".strip() if self.remedy else text

    def _advice(self) -> str:
        return visible(self.remedy)


def of_this_computer(error: OSError) -> PlacementError:
    """Return the error for an OSError that no other code has described."""
    named = f"{error.filename} cannot be used" if error.filename else "This computer reported an error"
    return PlacementError(
        f"{named}: {error.strerror or error}",
        remedy="Check its mode and the free space of its disk, then run again",
    )


class StackFileError(PlacementError):
    """The stack file is wrong; the message holds every finding, a line each, `FILE:LINE: ...`."""

    def __init__(self, message: str, *, ids: tuple[str, ...] = ()) -> None:
        """Keep the ids of the findings, in the order of the lines."""
        super().__init__(message)
        self.ids = ids

    def __str__(self) -> str:
        """Return the findings, a line each."""
        return visible_lines(self.message)

    @property
    def reported(self) -> str:
        """The findings below a headline, for callers that put a prefix before an error."""
        count = self.message.count("\n") + 1
        return f"the stack file has {count} error{'s' if count > 1 else ''}:\n{self}"


class StackNameError(PlacementError):
    """A stack name that is malformed, and never becomes part of a path."""

    remedy = "Name a stack, as lab of stacks/lab.yaml; most commands take a path that ends in .yaml as well"


class PolicyError(PlacementError):
    """The operator's policy is invalid or forbids a login; the message holds every finding, a line each."""

    def __str__(self) -> str:
        """Return the findings, a line each."""
        return self.message


class CredentialsError(PlacementError):
    """Credentials are missing, unreadable, or readable by others."""

    remedy = "Set HYPERV_USERNAME and HYPERV_PASSWORD, or name a 0600 file under connection.credentials"


class HostUnreachableError(PlacementError):
    """A host gave no usable answer; its virtual machines are unknown, not gone."""

    retryable = True
    remedy = "Check that the host is up and that its WinRM listener answers at the address in the stack file"


class AuthenticationError(PlacementError):
    """A host refused the credential; it is not tried again, so that no account gets locked."""

    remedy = "Check user name and password, and that the host allows the chosen authentication"


class CertificateError(PlacementError):
    """A host's TLS certificate could not be verified."""

    remedy = "Name the CA's file under connection.ca in the stack file; verification is never switched off"


class AuthorityFileError(CertificateError):
    """The file of authorities could not be read, so that no host could be asked: of theirs, nobody has seen a certificate."""


class ProtocolError(PlacementError):
    """A host's answer was not a valid WS-Management message, or not the one asked for."""

    remedy = "Run again with --debug and report the answer's text"


class WsmanFaultError(PlacementError):
    """A host answered with a WS-Management fault."""

    def __init__(self, message: str, *, code: int | None = None, subcode: str = "", detail: str = "") -> None:
        """Keep the fault's decimal `code` and its `subcode` (local name, as `InvalidSelectors`)."""
        super().__init__(message, detail=detail)
        self.code = code
        self.subcode = subcode


class VmUnknownError(PlacementError):
    """A virtual machine was not found while some host did not answer: it may well run there."""

    remedy = (
        "Bring the host back, or run again when it answers; nothing is planned for the machine until then"
    )


class VmMissingError(PlacementError):
    """A virtual machine is on none of the hosts, and every host answered."""

    remedy = "Correct name or id in the stack file, or remove the entry, which forgets the machine and touches nothing"


class VmAmbiguousError(PlacementError):
    """One name or GUID fits several realized systems."""

    remedy = "Set id: (the GUID) in the stack file"


class HostSettingsError(PlacementError):
    """A host did not take the settings of its migration service."""


class MoveRefusedError(PlacementError):
    """A rule that protects machines forbids this move."""


class MachineBusyError(MoveRefusedError):
    """The machine is busy with what passes by itself, such as a backup: nothing is ordered until that has ended."""


class AuditRefusedError(MoveRefusedError):
    """The audit log could not be written, and the stack file or the policy lets nothing start without it."""


class AuditLostError(PlacementError):
    """Something was done, and the required line of the audit log could not be written."""


class PlanError(PlacementError):
    """A plan contradicts itself; nothing is ordered from it."""

    remedy = "This is a bug in the planner: report it with a recorded inventory (bin/placement inventory STACK --save FILE)"


class NotDeclaredError(PlacementError):
    """The engine asks for something that the stack file does not say; this run's program would not ask for it."""

    remedy = "Nothing was changed. Run again; if it recurs, somebody else is talking to this run's engine"


class NotPlannedError(PlacementError):
    """A machine was left out of this run's plan, and could be moved now."""

    remedy = "Run again: the next plan includes it"


class StageFailedError(MoveRefusedError):
    """The destination could not create the planned system of `check: staged`, or its check failed: nothing was moved."""

    def __init__(
        self,
        message: str,
        *,
        codes: tuple[int, ...] = (),
        lost_slot: bool = False,
        remedy: str | None = None,
    ) -> None:
        """Keep the HRESULTs found in the host's texts, and whether a limit of a host was reached, which waiting cures."""
        super().__init__(message, remedy=remedy)
        self.codes = codes
        self.lost_slot = lost_slot


class NoRoomError(PlacementError):
    """A move waited for room that no running move could free."""

    remedy = "Free memory, disk or a migration slot on the named host, or choose another host"


class OrderMissingError(PlacementError):
    """The schedule of the run has not reached the plugin: nothing is started without it."""

    remedy = "Make sure that .pulumi/schedules in the project's folder is writable and its disk has room, then run again"


class StackFileSavedError(PlacementError):
    """The stack file was saved while a run was starting, so that its two processes read different versions."""

    remedy = "Run again"


class MovedByOthersError(PlacementError):
    """Somebody else is moving the machine elsewhere: this run leaves it alone."""

    remedy = "Run again when that migration has ended"


class MigrationStartError(PlacementError):
    """MigrateVirtualSystemToHost was refused with a ReturnValue: nothing was started."""

    def __init__(self, message: str, *, return_value: int, remedy: str | None = None) -> None:
        """Keep the method's ReturnValue."""
        super().__init__(message, remedy=remedy)
        self.return_value = return_value


class MigrationFailedError(PlacementError):
    """A migration job ended in failure; the machine stays where it was."""

    def __init__(
        self,
        message: str,
        *,
        codes: tuple[int, ...] = (),
        lost_slot: bool = False,
        remedy: str | None = None,
    ) -> None:
        """Keep the HRESULTs found in the host's texts, and whether a limit of a host was reached, which waiting cures."""
        super().__init__(message, remedy=remedy)
        self.codes = codes
        self.lost_slot = lost_slot


class MigrationStalledError(PlacementError):
    """No progress for so long that we stop following; the job may still run."""

    may_still_run = True
    remedy = "It was running when it was last read; the next run adopts it if it still is"


class JobUnknownError(PlacementError):
    """A job can no longer be followed: its present state is unknown."""

    may_still_run = True
    remedy = "The next run looks for the job and for the machine before it orders anything"


class OrderLostError(PlacementError):
    """The answer to an order was lost, and no job of it is seen or could be looked for: the host may have accepted it all the same."""

    may_still_run = True
    remedy = "The order is not sent twice in one run; run again to see where the machine is"


class MoveCancelledError(PlacementError):
    """Its host has cancelled a move, since the run was cancelled: both ends show the machine where it was."""

    remedy = "Run again to move it"


class VerificationError(PlacementError):
    """The job ended, but the hosts do not show what was ordered."""

    remedy = "Look at the machine at its hosts before the next run"


class InterruptedRunError(PlacementError):
    """The run was cancelled; running moves are left to their hosts."""

    remedy = "The next run adopts it"


class DirectoryUnreachableError(PlacementError):
    """The directory gave no usable answer; what it holds is unknown, not gone."""

    retryable = True
    remedy = (
        "Check that the domain controller under directory.server in the stack file is up and answers there"
    )


class DirectoryLoginError(DirectoryUnreachableError):
    """The directory refused the credential; it is not tried again, so that no account gets locked."""

    retryable = False
    remedy = "Check user name and password in the file under directory.credentials, or the ticket (klist)"


class DirectoryDeniedError(PlacementError):
    """The directory denied the access: the message names the object, the remedy the missing right.

    The remedy may hold lines for an administrator to carry out.
    """

    def _advice(self) -> str:
        return visible_lines(self.remedy)


class DirectoryChangedError(PlacementError):
    """The account was changed between our reading and our writing; nothing was written."""

    retryable = True
    remedy = "Run again"


class AccountMissingError(PlacementError):
    """The directory has no account for a host's full name, or one that cannot be a host's."""
