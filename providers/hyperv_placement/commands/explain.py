"""`bin/placement explain`: what a code of a host or the id of a finding means, and what to do; no host is asked."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement import quoting
from hyperv_placement.codes import catalogue
from hyperv_placement.codes.findings import finding_row, finding_rows
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.exit_codes import DONE, FAILED
from hyperv_placement.commands.output import columns
from hyperv_placement.model.nearest import NearNames
from hyperv_placement.report import explain


def run(options: argparse.Namespace) -> int:
    """Show what the catalogues have of a code, or of the id of a finding; `vtpm` is both. 0; 1 where they have nothing."""
    finding = None if options.code is None else finding_row(options.code)
    rows = catalogue.asked(options.code) if options.code is not None else catalogue.catalogue()
    if options.json:
        records = [explain.finding_record(finding)] if finding is not None else []
        records += [explain.as_record(row) for row in rows]
        sys.stdout.write(f"{json_text({'rows': records})}\n")
    else:
        texts = [] if finding is None else [explain.finding_explained(finding, columns() or explain.WIDE)]
        if rows:
            texts.append(
                explain.explained(rows, columns() or explain.WIDE)
                if options.code is not None
                else explain.listed(rows)
            )
        if texts:
            sys.stdout.write("\n\n".join(texts) + "\n")
    if finding is not None or rows:
        return DONE
    sys.stderr.write(f"{_unknown(options.code)}\n")
    return FAILED


def _unknown(word: str) -> str:
    """Return what is known of a word that no catalogue has: of a code its origin, else what may have been meant."""
    known = catalogue.origin(word)
    if known or any(map(str.isdigit, word)):
        return f"{word} is not in the catalogue{f'; {known}' if known else ''}. {catalogue.UNKNOWN_REMEDY}"
    names = [row.id for row in finding_rows()] + [name for row in catalogue.catalogue() for name in row.words]
    near = NearNames(names).question(word)
    listing = quoting.own("bin/placement explain")
    return f"{word} is no code and no id of a finding. {near}List them: {listing}"
