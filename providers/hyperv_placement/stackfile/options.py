"""The section migration:, of the whole stack or of one machine, as values."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import cast

from hyperv_placement.model.options import CpuCap, MigrationOptions, Transport

from .findings import Findings
from .nodes import Mapping, Scalar, Sequence

_TRUE = frozenset(("true", "yes", "on"))


def read_options(
    entry: Mapping | None, everywhere: MigrationOptions, where: str, findings: Findings
) -> MigrationOptions:
    """Return `everywhere` with what `entry`, called `where`, says put over it."""
    if entry is None:
        return everywhere
    transport, cap = entry.scalar("transport"), entry.scalar("cpu_cap")
    own = MigrationOptions(
        transport=None if transport is None else cast("Transport", transport.text),
        compression=flag(entry.scalar("compression")),
        networks=tuple(subnets(entry, f"{where}.networks", findings)),
        retain_vhd_copies_on_source=flag(entry.scalar("retain_vhd_copies_on_source")),
        avoid_removing_vhds=flag(entry.scalar("avoid_removing_vhds")),
        cancel_if_blackout_threshold_exceeded=flag(entry.scalar("cancel_if_blackout_threshold_exceeded")),
        cpu_cap=None if cap is None else cast("CpuCap", cap.text),
        check=None if entry.scalar("check") is None else "staged",
        parents=None if entry.scalar("parents") is None else "copy",
    )
    options = own.over(everywhere)
    # Compression belongs to TCP: with SMB a host ignores it (Set-VMHost -VirtualMachineMigrationPerformanceOption).
    node = entry.scalar("compression") or entry.scalar("transport")
    if node is not None and options.compression and options.transport == "smb":
        findings.add(
            "compression-with-smb",
            node.line,
            f"{where}: compression is for transport: tcp; with smb hosts ignore it, remove one of the two",
        )
    return options


def flag(node: Scalar | None) -> bool | None:
    """Return a switch, None where it is left out."""
    return None if node is None else node.text.lower() in _TRUE


def subnets(entry: Mapping, where: str, findings: Findings) -> Iterator[str]:
    """Yield the subnets of a list called `where`, and report what is none."""
    listed = entry.value("networks")
    for position, node in enumerate(listed.items if isinstance(listed, Sequence) else ()):
        if not isinstance(node, Scalar) or node.kind == "broken":
            continue
        try:
            yield str(ipaddress.ip_network(node.text.strip()))
        except ValueError as error:
            findings.add(
                "subnet-wrong",
                node.line,
                f"{where}[{position}]: '{node.text}' is no subnet ({error}); write it as 10.0.0.0/24 or fd00:1::/64",
            )
