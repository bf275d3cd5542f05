"""`make fuzz`: read changed messages for a while; each finding is saved, and any makes the run fail."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .run import fuzz
from .targets import TARGETS


def main() -> int:
    """Fuzz for as long as told. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="how long (default: 300)")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other inputs (default: 0)")
    parser.add_argument(
        "--findings", type=Path, default=Path("fuzz-findings"), help="where findings are saved"
    )
    arguments = parser.parse_args()
    report = fuzz(TARGETS, seed=arguments.seed, seconds=arguments.seconds, folder=arguments.findings)
    print(report)
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
