"""A sheet as a command shows it: for a terminal, as Markdown or as JSON, and as a page besides."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.output import columns, write_file
from hyperv_placement.report.sheet import Sheet, render_html, render_markdown, render_text


def show_sheet(options: argparse.Namespace, sheet: Sheet, record: Mapping[str, Any]) -> None:
    """Print a sheet in the form that `options` (json, markdown, html) ask for; `record`: what JSON has of it. Raises PlacementError."""
    if options.html is not None:
        write_file(options.html, render_html(sheet))
    if options.json:
        shown = f"{json_text(record)}\n"
    elif options.markdown:
        shown = render_markdown(sheet)
    else:
        shown = render_text(sheet, columns())
    sys.stdout.write(shown)
