"""`bin/placement explain`: what a code of a host or the id of a finding means, and what to do; no host is asked."""

from __future__ import annotations

import argparse
import json
import sys

from hyperv_placement.codes import catalogue
from hyperv_placement.codes.findings import finding_row
from hyperv_placement.commands.arguments import add_json
from hyperv_placement.commands.exit_codes import DONE, FAILED
from hyperv_placement.report import explain


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument(
        "code",
        nargs="?",
        help="as 0x8009030E, -2146893042, 33012, 32775, 20306, 401 or a word as limit; or the id of a finding, as"
        " switch-missing; default: list all codes",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show what the catalogues have of a code, or of the id of a finding; `vtpm` is both. 0; 1 where they have nothing."""
    finding = None if options.code is None else finding_row(options.code)
    rows = catalogue.asked(options.code) if options.code is not None else catalogue.catalogue()
    if options.json:
        records = [explain.finding_record(finding)] if finding is not None else []
        records += [explain.as_record(row) for row in rows]
        sys.stdout.write(f"{json.dumps(records, indent=2, ensure_ascii=False)}\n")
    else:
        texts = [] if finding is None else [explain.finding_explained(finding)]
        if rows:
            texts.append(explain.explained(rows) if options.code is not None else explain.listed(rows))
        if texts:
            sys.stdout.write("\n\n".join(texts) + "\n")
    if finding is not None or rows:
        return DONE
    known = catalogue.origin(options.code)
    sys.stderr.write(
        f"{options.code} is not in the catalogue{f'; {known}' if known else ''}. {catalogue.UNKNOWN_REMEDY}\n"
    )
    return FAILED
