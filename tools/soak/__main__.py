"""`python -m tools.soak`: live through a night of an estate at twenty times its speed; 1 where something grew, or went wrong for good."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from .measures import table
from .night import Night, lived


def main() -> int:
    """Print the table; return 0 where every measure is within its bound and each hour's map was reached."""
    parser = argparse.ArgumentParser(prog="soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="of this machine's time (30)")
    parser.add_argument("--seed", type=int, default=1, help="what happens goes by it (1)")
    words = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        night = Night(Path(folder).resolve() / "project", words.minutes, words.seed)
        try:
            lived(night)
        finally:
            night.close()
    print(table(night.series.values()))
    print(", ".join(f"{count} {name}" for name, count in night.counts.items()))
    for trouble in night.troubles:
        print(f"trouble: {trouble}")
    held = all(series.held for series in night.series.values())
    print("held" if held and not night.troubles else "not held")
    return 0 if held and not night.troubles else 1


if __name__ == "__main__":
    sys.exit(main())
