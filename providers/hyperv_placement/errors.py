"""The errors an operator can meet: few classes, each with a remedy and whether trying again can help."""

from __future__ import annotations

from typing import ClassVar

from .visible import visible, visible_lines


class PlacementError(Exception):
    """Root of every error of ours. Callers branch on the class or on `retryable`, never on the text.

    `str(error)` is one line: what was tried, on what, what came back, and what to do about it.
    """

    retryable: ClassVar[bool] = False
    may_still_run: ClassVar[bool] = False
    """Whether a host may be at work on it yet: then its room stays taken."""
    remedy: str = ""

    def __init__(self, message: str, *, remedy: str | None = None, detail: str = "") -> None:
        """Keep the one-line `message`; `remedy` overrides the class's own, `detail` is for --debug only."""
        super().__init__(message)
        self.message = message
        self.detail = detail
        if remedy is not None:
            self.remedy = remedy

    def __str__(self) -> str:
        """Message and remedy as one line; what hosts and files put into it shows."""
        text = visible(" ".join(self.message.split())).rstrip(".")
        return f"{text}. {self._advice()}".strip() if self.remedy else text

    def _advice(self) -> str:
        return visible(self.remedy)


def of_this_computer(error: OSError) -> PlacementError:
    """Return what to say of a file, or of a program, of this computer whose failure nobody has said more of."""
    named = f"{error.filename} cannot be used" if error.filename else "This computer does not let us go on"
    return PlacementError(
        f"{named}: {error.strerror or error}",
        remedy="Look at its mode and at the room on its disk, then run again",
    )


class StackFileError(PlacementError):
    """The stack file is wrong; the message holds every finding, a line each, `FILE:LINE: ...`."""

    def __init__(self, message: str, *, ids: tuple[str, ...] = ()) -> None:
        """Keep the ids of the findings, in the order of the lines."""
        super().__init__(message)
        self.ids = ids

    def __str__(self) -> str:
        """Keep the lines apart: each finding is a line of its own."""
        return visible_lines(self.message)

    @property
    def reported(self) -> str:
        """The findings below a line of their own, for those who put words before an error."""
        count = self.message.count("\n") + 1
        return f"the stack file has {count} error{'s' if count > 1 else ''}:\n{self}"


class StackNameError(PlacementError):
    """What was given as the name of a stack is none, and never becomes part of a path."""

    remedy = "Name a stack, as lab of stacks/lab.yaml; most commands take a path that ends in .yaml as well"


class PolicyError(PlacementError):
    """The operator's policy is ill, or forbids a login; the message holds every finding, a line each."""

    def __str__(self) -> str:
        """Keep the lines apart: each finding is a line of its own."""
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


class ProtocolError(PlacementError):
    """A host's answer was no valid WS-Management message, or not the one asked for."""

    remedy = "Run again with --debug and report the answer's text"


class WsmanFaultError(PlacementError):
    """A host answered with a WS-Management fault."""

    def __init__(self, message: str, *, code: int | None = None, subcode: str = "", detail: str = "") -> None:
        """Keep the fault's decimal `code` and its `subcode` (local name, as `InvalidSelectors`)."""
        super().__init__(message, detail=detail)
        self.code = code
        self.subcode = subcode


class VmUnknownError(PlacementError):
    """A virtual machine was found nowhere while some host did not answer: it may well run there."""

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


class AuditRefusedError(MoveRefusedError):
    """What would be started could not be written down, and the stack file or the policy lets nothing start then."""


class AuditLostError(PlacementError):
    """Something was done and could not be written down, although that is required."""


class PlanError(PlacementError):
    """A plan contradicts itself; nothing is ordered by it."""

    remedy = "This is a fault of the planner: report it with a recorded inventory (bin/placement inventory STACK --save FILE)"


class NotDeclaredError(PlacementError):
    """The engine asks for what the stack file does not say: the program of this run does not ask for that."""

    remedy = (
        "Nothing was changed. Run again; where that comes back, somebody else speaks to this run's engine"
    )


class NotPlannedError(PlacementError):
    """A machine was left out of the plan of this run, and could be moved now."""

    remedy = "Run again: the next plan has it"


class StageFailedError(MoveRefusedError):
    """A host could not make, or did not pass, the planned machine of `check: staged`: nothing was moved."""

    def __init__(self, message: str, *, codes: tuple[int, ...] = (), remedy: str | None = None) -> None:
        """Keep the HRESULTs found in the host's texts."""
        super().__init__(message, remedy=remedy)
        self.codes = codes


class NoRoomError(PlacementError):
    """A move waited for room that no move under way anywhere could make."""

    remedy = "Free memory, disk or a migration slot on the named host, or choose another one"


class OrderMissingError(PlacementError):
    """The order of a run's moves has not reached the plugin: nothing is started without it."""

    remedy = (
        "See that .pulumi/schedules in the project's folder can be written to and has room, then run again"
    )


class StackFileSavedError(PlacementError):
    """The stack file was saved while a run was starting, so that its two processes have read different ones."""

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

    def __init__(self, message: str, *, codes: tuple[int, ...] = (), remedy: str | None = None) -> None:
        """Keep the HRESULTs found in the host's texts."""
        super().__init__(message, remedy=remedy)
        self.codes = codes


class MigrationStalledError(PlacementError):
    """No progress for so long that we stop following; the job may still run."""

    may_still_run = True
    remedy = "It ran when it was last read; the next run adopts it if it still does"


class JobUnknownError(PlacementError):
    """A job cannot be followed any more: what it does now is not known."""

    may_still_run = True
    remedy = "The next run looks for the job and for the machine before it orders anything"


class OrderLostError(PlacementError):
    """The answer to an order was lost, and no job of it is seen, or none could be looked for: it may have been taken all the same."""

    may_still_run = True
    remedy = "The order is not sent twice in one run; run again to see where the machine is"


class VerificationError(PlacementError):
    """The job ended, but the hosts do not show what was ordered."""

    remedy = "Look at the machine at its hosts before the next run"


class InterruptedRunError(PlacementError):
    """The run was cancelled; moves under way are left to their hosts."""

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
    """The directory knows us and does not let us: the message names the object, the remedy the right.

    The remedy may hold what somebody else is to carry out, in lines.
    """

    def _advice(self) -> str:
        return visible_lines(self.remedy)


class DirectoryChangedError(PlacementError):
    """Somebody changed the account between our reading and our writing; nothing was written."""

    retryable = True
    remedy = "Run again"


class AccountMissingError(PlacementError):
    """No account of the directory that could be a host's has its full name, or something speaks against that account."""
