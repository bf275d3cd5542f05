"""What a host may cost this process: bytes of one answer, memory of the rows of a reading, and seconds."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Together they keep a host below 64 MiB: an answer, its tree of elements, and what was read before (docs/adr/0033).

    They are not settings for operators: no healthy host needs a quarter of any of them.
    """

    connect_seconds: float = 10
    """For a connection to one address, and for the handshake of TLS."""
    answer_seconds: float = 75
    """From a request to the last byte of its answer; the whole login has as many once more.

    Longer than the OperationTimeout of 60 s that requests carry, so that the host gives up first.
    """
    answer_bytes: int = MEBIBYTE
    """Of one answer as it comes, heads and framing included; requests ask for 500 kB (MaxEnvelopeSize)."""
    rows_bytes: int = 24 * MEBIBYTE
    """Memory of the rows that readings of one host hold at once; a sweep of 2,000 machines is counted as 16."""
    reading_seconds: float = 300
    """For a reading of a host that is one thing: its sweep, or what moves ask of it."""
    whole_seconds: float = 3600
    """For all that any move could ask of one host: a request for each of its disks and machines."""
    empty_pages: int = 16
    """Pages without an item, one after the other, before an enumeration is taken to have no end."""


BOUNDS = Bounds()
