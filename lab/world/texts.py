"""What VMMS says when a migration fails, in English, nested causes outermost first."""

from __future__ import annotations

from hyperv_placement.model.move import Moves

from .objects import LabHost, LabVm


def headline(vm: LabVm, source: LabHost, moves: Moves | None) -> str:
    """Return the first line: what failed, where, and the machine's id.

    The wording for host moves was seen in the field; that for storage migrations is a guess.
    """
    ending = f"(Virtual machine ID {vm.id})"
    if moves == Moves.STORAGE:
        return f"Storage migration for virtual machine '{vm.name}' failed. {ending}"
    return (
        f"Virtual machine migration operation for '{vm.name}' failed at migration source "
        f"'{source.computer_name}'. {ending}"
    )


def live_limit(vm: LabVm, limit: int) -> str:
    """Event 21501, as SupportArticles quote it."""
    return (
        f"Failed to perform migration on virtual machine '{vm.name}' because virtual machine migration limit "
        f"'{limit}' was reached, please wait for completion of an ongoing migration operation. "
        f"(Virtual machine ID {vm.id})"
    )


def storage_limit(vm: LabVm, limit: int) -> str:
    """The storage twin, as SupportArticles quote it for System Center."""
    return (
        f"Storage migration for '{vm.name}' was not finished because maximum storage migration limit '{limit}' "
        f"was reached, please wait for completion of an ongoing migration operation "
        f"(Virtual machine ID {vm.id})"
    )


def connection(destination: str, cause: str) -> str:
    """The middle line of the field report: no connection to the other VMMS."""
    return (
        "The Virtual Machine Management Service failed to establish a connection for a Virtual Machine migration "
        f"with host '{destination}': {cause}"
    )


NO_CREDENTIALS = "No credentials are available in the security package (0x8009030E)."
NO_CREDENTIALS_LOCUS = (
    "Failed to authenticate the connection at the source host: no suitable credentials available."
)


def no_access(server: str) -> str:
    """The code is SupportArticles' for a share without delegation of cifs; the wording here is a guess."""
    return f"Failed to access the files on '{server}': General access denied error (0x80070005)."


WRONG_PRINCIPAL = "The target principal name is incorrect (0x80090322)."
UNKNOWN_NAME = "No such host is known (0x80072AF9)."
TIMED_OUT = (
    "A connection attempt failed because the connected party did not properly respond after a period of time, "
    "or established connection failed because connected host has failed to respond (0x8007274C)."
)


def incompatible(vm: LabVm, destination: LabHost) -> str:
    """The line before a reason why the destination cannot take the machine (Compare-VM page)."""
    return (
        f"The virtual machine '{vm.name}' is not compatible with physical computer "
        f"'{destination.computer_name}'. (Virtual machine ID {vm.id})"
    )


def missing_switch(name: str) -> str:
    """Code 33012 of a compatibility report (Compare-VM page)."""
    return f"Could not find Ethernet switch '{name}'. (33012)"


def processor(vm: LabVm, destination: LabHost) -> str:
    """A processor that lacks what the guest has seen, as SupportArticles quote it."""
    return (
        f"Virtual machine '{vm.name}' is using processor-specific features not supported on host "
        f"'{destination.computer_name}'. The hardware on the destination computer is not compatible with the "
        "hardware requirements of this virtual machine."
    )


def version(vm: LabVm) -> str:
    """A configuration that is too new (events 10698 and 21502 in SupportArticles); the wording is a guess."""
    return (
        f"The version '{vm.version}' of the configuration of '{vm.name}' is not supported on the destination."
    )


def missing_san(name: str) -> str:
    """A virtual SAN that the destination lacks; wording and code are guesses by that for switches."""
    return f"Could not find virtual Fibre Channel SAN '{name}'."


def no_memory(vm: LabVm) -> str:
    """As SupportArticles quote a destination without memory."""
    return f"'{vm.name}' could not initialize memory: Ran out of memory (0x8007000E). (Virtual machine ID {vm.id})"


def not_started(vm: LabVm) -> str:
    """The first line of a start that fails, as SupportArticles quote it."""
    return f"'{vm.name}' failed to start. (Virtual machine ID {vm.id})"


def not_shut_down(vm: LabVm) -> str:
    """The first line of a guest that does not shut down; the wording is a guess."""
    return f"'{vm.name}' failed to shut down. (Virtual machine ID {vm.id})"


def turned_off(vm: LabVm) -> str:
    """Why a live migration ends whose machine is off meanwhile; wording and code are guesses."""
    return f"The virtual machine '{vm.name}' was turned off while it was being migrated. (0x80041024)"


def read_only(name: str) -> str:
    """A property that nobody may set; only ErrorCode 32768 was seen (terraform-provider-hyperv), the wording is a guess."""
    return f"The property '{name}' cannot be modified. (0x80070057)"


def no_space(path: str) -> str:
    """Code and meaning are certain; the wording around them is a guess."""
    return f"Failed to copy '{path}': There is not enough space on the disk. (0x80070070)"


def file_exists(path: str) -> str:
    """ERROR_FILE_EXISTS; the wording around it is a guess."""
    return f"Failed to create '{path}': The file exists. (0x80070050)"


def in_use(path: str) -> str:
    """ERROR_SHARING_VIOLATION; the wording around it is a guess."""
    return f"Failed to create '{path}': The process cannot access the file because it is being used by another process. (0x80070020)"


def cannot_open(path: str) -> str:
    """Code 40010 of a compatibility report, with the system's code; on a migration a guess."""
    return (
        f"The device at '{path}' could not be opened: The system cannot find the file specified. (0x80070002)"
    )


def no_volume(path: str) -> str:
    """ERROR_PATH_NOT_FOUND; the wording around it is a guess."""
    return f"Failed to create '{path}': The system cannot find the path specified. (0x80070003)"


def bad_medium(vm: LabVm, path: str) -> str:
    """An ISO that the destination cannot open, as SupportArticles quote it."""
    return (
        f"'{vm.name}' Attachment '{path}' failed to open because of error: A virtual disk support provider for "
        f"the specified file was not found. (0xC03A0014)"
    )


def planned_exists(destination: LabHost) -> str:
    """A leftover planned machine at the destination, as two admins' notes quote it."""
    return (
        f"Failed to create Planned Virtual Machine at migration destination '{destination.computer_name}': "
        "The object already exists. (0x80071392)"
    )


def no_planned(planned_id: str) -> str:
    """A planned machine that is not there; wording and code are guesses."""
    return f"The planned virtual machine '{planned_id}' could not be found. (0x80070490)"


def vtpm(vm: LabVm) -> str:
    """A destination without the shielding certificates, as SupportArticles quote it."""
    return f"The key protector for virtual machine '{vm.name}' could not be unwrapped. (0x80070057)"


DISABLED = "Virtual machine migration is not enabled on host '{host}'. (0x80070032)"  # guess: wording unseen
CLUSTERED = (  # guess: nobody has seen VMMS answer a raw call for a clustered machine
    "The operation is not allowed because the virtual machine '{vm}' is a clustered role; move it with the "
    "failover cluster. (0x80070032)"
)
REPLICATED = (  # guess: the effect of Hyper-V Replica on a migration is unseen
    "The operation is not allowed because replication is enabled for virtual machine '{vm}'. (0x80070032)"
)
CHECKPOINTS = (  # guess: real hosts may move a checkpoint's disks; only a request without them can reach us
    "Storage migration is not possible for virtual machine '{vm}': the disks of its checkpoints are not part "
    "of the request. (0x80070032)"
)
DIFFERENCING = (  # guess
    "Storage migration of '{path}' is not possible: its parent '{parent}' is not part of the request. (0x80070032)"
)
SHARED_DISK = "Storage migration is not possible for the shared virtual hard disk '{path}'. (0x80070032)"
PHYSICAL_DISK = "Migration is not possible while physical disk '{path}' is attached. (0x80070032)"
ASSIGNED_DEVICE = (  # guess: that it fails is documented (discrete device assignment page), the wording is not
    "The operation is not allowed because virtual machine '{vm}' has an assigned {what}. (0x80070032)"
)
PHYSICAL_DVD = (
    "Migration is not possible while the host's DVD drive '{path}' is attached. (0x80070032)"  # guess
)
LEFT_BEHIND = "Could not remove the folder '{path}' at the source. (0x80070091)"  # guess
SAME_HOST = "The virtual machine is already on host '{host}'. (0x80070057)"  # guess
NOT_READY = "The device is not ready for use. (0x80070015)"  # guess: wording unseen
STOPPED = (
    "The Virtual Machine Management Service stopped while the operation was running. (0x800703E3)"  # guess
)
CANCELLED = "The operation was canceled. (0x800704C7)"  # guess
INTERRUPTED = (  # guess: what a restart of the Virtual Machine Management Service leaves behind
    "The Virtual Machine Management Service stopped while the migration was running. (0x800703E3)"
)
