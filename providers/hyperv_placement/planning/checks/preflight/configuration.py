"""Checks whether the destination can open the machine's configuration: its version, and the key of its virtual TPM."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from hyperv_placement import quoting
from hyperv_placement.model.estate import HostFacts, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import HostSpec

Version = tuple[int, ...]


def configuration(
    vm: VirtualMachine, source: HostFacts, destination: HostFacts, target: HostSpec
) -> Iterator[Finding]:
    """Yield what keeps, or may keep, `target` from opening the machine's configuration."""
    yield from _version(vm, source, destination, target.name)
    # None, where it could not be read, counts as a virtual TPM: with one the machine would not start there.
    if vm.vtpm is not False and not target.allow_vtpm:
        known = (
            "has a virtual TPM"
            if vm.vtpm
            else "may have a virtual TPM: its security settings could not be read"
        )
        readable = (
            ""
            if vm.vtpm
            else f"Let the account read Msvm_SecuritySettingData of root/virtualization/v2 on {source.full_name}, or "
        )
        allow = f"set hosts.{target.name}.allow_vtpm: true once the guardian's certificates are there"
        yield Finding.refusal(
            "vtpm",
            f"{vm.name} {known}, and {target.name} may not be able to unwrap its key protector",
            readable + allow if readable else allow[0].upper() + allow[1:],
        )


def _version(
    vm: VirtualMachine, source: HostFacts, destination: HostFacts, name: HostName
) -> Iterator[Finding]:
    """A version newer than all that the host lists is refused; an older or unlisted one only warns (unverified)."""
    own = _parsed(vm.version)
    known = [parsed for text in destination.versions or () if (parsed := _parsed(text)) is not None]
    what = f"{vm.name} has configuration version {vm.version or 'unknown'}"
    if own is None or not known:
        # An equal or newer build takes what the source runs; only the way to an older one is in doubt.
        if source.build is None or destination.build is None or source.build > destination.build:
            yield Finding.warning(
                "version-unknown",
                f"{what}, and which ones {name} takes could not be read (unverified)",
                f"On {destination.full_name}, compare with {quoting.powershell('Get-VMHostSupportedVersion')}",
            )
    elif own > max(known):
        newest = ".".join(map(str, max(known)))
        yield Finding.refusal(
            "version-too-new",
            f"{what}, the newest that {name} takes is {newest}",
            f"Choose a host of a newer build, or update {name}: a version cannot be lowered",
        )
    elif own < min(known):
        yield Finding.warning(
            "version-old",
            f"{what}, older than all that {name} lists (unverified)",
            "If the move fails, Update-VMVersion while it is off: a version cannot be lowered again",
        )


@lru_cache(maxsize=1024)  # an estate has a handful, and each move compares those of both ends
def _parsed(text: str) -> Version | None:
    parts = text.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else None
