"""How far apt-get is."""

from __future__ import annotations

from tools.install.progress import Tally


class Packages(Tally):
    """What apt-get has said so far."""

    def __init__(self) -> None:
        """Nothing yet."""
        super().__init__()
        self.fetched = 0

    def read(self, line: str) -> None:
        """Count one line."""
        self.fetched += line.startswith("Get:")
        self.packages += line.startswith("Setting up ")
        self.last.append(line)

    def __str__(self) -> str:
        """Return the counts for people."""
        return f"{self.packages} packages set up" if self.packages else f"{self.fetched} files fetched"
