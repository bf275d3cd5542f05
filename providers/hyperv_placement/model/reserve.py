"""What a host keeps free for itself: the rule by which nothing of ours fills it up."""

from __future__ import annotations

from dataclasses import dataclass

from .estate import Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Memory of a host, and room on each of its volumes, that stay free. Asked wherever room is counted, and nowhere else."""

    memory_mib: int = 0
    disk_bytes: int = 0
    disk_percent: float = 0.0
    """Of each volume's capacity; the larger of bytes and percent counts."""

    @property
    def keeps_disk(self) -> bool:
        """Whether anything of volumes stays free."""
        return bool(self.disk_bytes or self.disk_percent)

    def on(self, volume: Volume) -> int:
        """Return the bytes of a volume that stay free."""
        return max(self.disk_bytes, int(volume.capacity_bytes * self.disk_percent / 100))

    def left_on(self, volume: Volume) -> int:
        """Return the bytes of a volume that may be filled now; negative where the reserve is broken already."""
        return volume.free_bytes - self.on(volume)

    def left_of_memory(self, mib: int) -> int:
        """Return what of `mib` of memory may be used; negative where the reserve is broken already."""
        return mib - self.memory_mib


NO_RESERVE = Reserve()
