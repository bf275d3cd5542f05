"""The limits of a host's WinRM service."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class WinrmLimits:
    """Settings of a WinRM service, with the defaults of current hosts (MS-WSMV 2.2.4.10)."""

    max_envelope_kb: int = 500
    """MaxEnvelopeSizekb; 150 before Windows 7 and Server 2008 R2."""
    max_batch_items: int = 32000
    """MaxBatchItems: items in one answer."""
    enumeration_timeout_ms: int = 60000
    """EnumerationTimeoutms: how long an enumeration waits for its next Pull."""
    max_timeout_ms: int = 60000
    """MaxTimeoutms: the longest OperationTimeout that is kept, but for Pull."""
    operations_per_user: int = 1500
    """MaxConcurrentOperationsPerUser; an Enumerate and its Pulls are one (wsman.h WSMAN_AUTHZ_QUOTA)."""
    connections: int = 300
    """MaxConnections."""

    @property
    def max_envelope_bytes(self) -> int:
        """The largest envelope, in bytes."""
        return self.max_envelope_kb * 1024
