"""Small valid VHDX files: one dynamic disk with one block of random contents (MS-VHDX)."""

from __future__ import annotations

import functools
import operator
import random
import struct
import uuid
from pathlib import Path

KIB, MIB = 1024, 1024 * 1024
_LOG_AT, _METADATA_AT, _BAT_AT, _BLOCK_AT = MIB, 2 * MIB, 3 * MIB, 4 * MIB
_BLOCK_SIZE = MIB  # MS-VHDX 2.6.2.1: 1 MiB is the smallest
_SECTOR = 512
RANDOM_BYTES = 256 * KIB
"""The rest of the block is a hole, so that 300 machines cost little."""
FEW_RANDOM_BYTES = 16 * KIB
"""Enough to tell one disk from another: for estates of thousands."""
FILE_SIZE = _BLOCK_AT + _BLOCK_SIZE

_BAT_REGION = uuid.UUID("2DC27766-F623-4200-9D64-115E9BFD4A08")  # MS-VHDX 2.2.3.2
_METADATA_REGION = uuid.UUID("8B7CA206-4790-4B9A-B8FE-575F050F886E")
_FILE_PARAMETERS = uuid.UUID("CAA16737-FA36-4D43-B3B6-33F0AA44E76B")  # MS-VHDX 2.6.2
_VIRTUAL_SIZE = uuid.UUID("2FA54224-CD1B-4876-B211-5DBED83BF4B8")
_VIRTUAL_ID = uuid.UUID("BECA12AB-B2E6-4523-93EF-C309E000C746")
_LOGICAL_SECTOR = uuid.UUID("8141BF1D-A96F-4709-BA47-F233A8FAAB5F")
_PHYSICAL_SECTOR = uuid.UUID("CDA348C7-445D-4471-9CC9-E9885251C556")
_BLOCK_PRESENT = 6  # PAYLOAD_BLOCK_FULLY_PRESENT (MS-VHDX 2.5.1.1)


def write_vhdx(
    path: Path, *, disk_id: str, virtual_bytes: int, rng: random.Random, contents: int = RANDOM_BYTES
) -> None:
    """Create `path` as a dynamic VHDX of `virtual_bytes`, with that many bytes of `contents` drawn from `rng`.

    Raises FileExistsError where something lies there.
    """
    file_id = uuid.UUID(int=rng.getrandbits(128), version=4)
    with path.open("xb") as file:
        file.truncate(FILE_SIZE)
        for offset, data in (
            (0, b"vhdxfile" + "Hyper-V placement lab".encode("utf-16-le")),
            (64 * KIB, _header(1, file_id)),
            (128 * KIB, _header(2, file_id)),
            (192 * KIB, _region_table()),
            (256 * KIB, _region_table()),
            (_METADATA_AT, _metadata_table()),
            (_METADATA_AT + 64 * KIB, _metadata_items(virtual_bytes, uuid.UUID(disk_id))),
            (_BAT_AT, struct.pack("<Q", _BLOCK_AT | _BLOCK_PRESENT)),
            (_BLOCK_AT, rng.randbytes(contents)),
        ):
            file.seek(offset)
            file.write(data)


def _header(sequence: int, file_id: uuid.UUID) -> bytes:
    """Return a 4 KiB header (MS-VHDX 2.2.2) with an empty log."""
    body = struct.pack("<Q", sequence) + file_id.bytes_le * 2 + bytes(16)
    body += struct.pack("<HHIQ", 0, 1, MIB, _LOG_AT)
    return _checksummed(b"head", body, 4 * KIB)


@functools.cache
def _region_table() -> bytes:
    """Return the 64 KiB region table (MS-VHDX 2.2.3) naming BAT and metadata."""
    body = struct.pack("<II", 2, 0)
    for region, offset in ((_BAT_REGION, _BAT_AT), (_METADATA_REGION, _METADATA_AT)):
        body += region.bytes_le + struct.pack("<QII", offset, MIB, 1)
    return _checksummed(b"regi", body, 64 * KIB)


def _metadata_table() -> bytes:
    """Return the metadata table (MS-VHDX 2.6.1); the items lie 64 KiB behind it."""
    required, virtual_disk = 4, 2
    items = (
        (_FILE_PARAMETERS, 0, 8, required),
        (_VIRTUAL_SIZE, 8, 8, required | virtual_disk),
        (_VIRTUAL_ID, 16, 16, required | virtual_disk),
        (_LOGICAL_SECTOR, 32, 4, required | virtual_disk),
        (_PHYSICAL_SECTOR, 36, 4, required | virtual_disk),
    )
    table = struct.pack("<8sHH20x", b"metadata", 0, len(items))
    for item, offset, length, flags in items:
        table += item.bytes_le + struct.pack("<IIII", 64 * KIB + offset, length, flags, 0)
    return table


def _metadata_items(virtual_bytes: int, disk_id: uuid.UUID) -> bytes:
    """Return the items in the order of the table."""
    return (
        struct.pack("<IIQ", _BLOCK_SIZE, 0, virtual_bytes)
        + disk_id.bytes_le
        + struct.pack("<II", _SECTOR, _SECTOR)
    )


def _checksummed(signature: bytes, body: bytes, length: int) -> bytes:
    """Return signature, CRC-32C over all with the checksum zero, and body, filled to `length`."""
    start = signature + bytes(4) + body
    checksum = _zeros(_crc(0xFFFFFFFF, start), length - len(start)) ^ 0xFFFFFFFF
    return signature + struct.pack("<I", checksum) + start[8:].ljust(length - 8, b"\0")


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)  # noqa: PLW2901 - Castagnoli, reflected
        table.append(value)
    return table


_CRC_TABLE = _crc_table()


def _crc(crc: int, data: bytes) -> int:
    for byte in data:
        crc = _CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def _zeros(crc: int, count: int) -> int:
    """Return a checksum after `count` zeros."""
    return _sum(_bits(count), crc)


@functools.cache
def _bits(count: int) -> tuple[int, ...]:
    """Return what `count` zeros make of each single bit of a checksum; of a whole one they make the sum of that."""
    if count == 0:
        return tuple(1 << bit for bit in range(32))
    half = _bits(count // 2)
    even = [_sum(half, after) for after in half]
    return tuple(even if count % 2 == 0 else (_crc(after, b"\0") for after in even))


def _sum(bits: tuple[int, ...], crc: int) -> int:
    return functools.reduce(operator.xor, (after for bit, after in enumerate(bits) if crc >> bit & 1), 0)
