"""What the commands that show a sheet take in common: its forms, and where they look for the log."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.commands.arguments import Parser, add_json


def add_forms(parser: Parser) -> None:
    """Let a verb answer with JSON or Markdown."""
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--markdown", action="store_true", help="for an issue or a chat")


def add_sheet(parser: Parser) -> None:
    """Let a verb show a sheet: with JSON, as Markdown, and as a page besides."""
    add_forms(parser)
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as a page as well")


def add_logs(parser: Parser) -> None:
    """Let a verb read copies of an audit log as well."""
    parser.add_argument(
        "--log",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a copy of an audit log, as pipelines keep it",
    )
