"""`make fuzz`: read changed messages for a while; each finding is saved, and any makes the run fail."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .groups import GROUPS
from .run import fuzz


def main() -> int:
    """Fuzz for as long as the command line says. Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="how long (default: 300)")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other inputs (default: 0)")
    parser.add_argument(
        "--findings", type=Path, default=Path("fuzz-findings"), help="where findings are saved"
    )
    parser.add_argument(
        "--only", action="append", choices=[group.name for group in GROUPS], help="readers of this form alone"
    )
    arguments = parser.parse_args()
    groups = [group for group in GROUPS if not arguments.only or group.name in arguments.only]
    report = fuzz(groups, seed=arguments.seed, seconds=arguments.seconds, folder=arguments.findings)
    print(report)
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
