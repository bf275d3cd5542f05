"""`bin/placement`: look at stack files, hosts and locks without the engine. Assembles the verbs, each a module of this package."""

from __future__ import annotations

import argparse
import keyword
import logging
import os
import sys
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from hyperv_placement import __version__
from hyperv_placement.commands.arguments import Later, Parser
from hyperv_placement.commands.exit_codes import FAILED, INTERRUPTED
from hyperv_placement.commands.output import columns, delivered, fold_to
from hyperv_placement.errors import PlacementError, of_this_computer
from hyperv_placement.operations.logging_setup import LEVELS, logged, read_settings
from hyperv_placement.system.collecting import collected_rarely

_log = logging.getLogger(__name__)
_FORMS = ("json", "markdown", "verbatim")
"""Options, and what a verb sets, by which lines are not for people on a terminal, and stay as they are."""
VERBS = {
    "init": "create a repository of your own: stack files, launchers, pinned requirements, pipelines; contacts no host",
    "check": "check stack files; contacts no host",
    "inventory": "show what the hosts of a stack report now; read-only",
    "plan": "show which machines would move, when, and why; read-only",
    "drift": "report what differs from the stack file, and who moved it; hosts are only read",
    "result": "report after a run whether every machine is where it belongs; read-only",
    "review": "summarize what a change would move, for a pull request; read-only",
    "discover": "write a stack file from what hosts report, with each machine where it is now; hosts are only read",
    "doctor": "find what would make moves fail, and say how to fix it; read-only",
    "explain": "explain an error code of a host, or a finding of this program, and what to do; contacts no host",
    "record": "save a host's answers for a problem report, names and addresses replaced; read-only",
    "adopt": "write the GUID of a machine into its entry in the stack file; hosts are only read",
    "accept-host": "confirm that a host was replaced on purpose, so that machines move to it and from it again; the host is only read",
    "drain": "put a host into maintenance in the stack file, and show the moves that empty it; hosts are only read",
    "return": "take a host out of maintenance in the stack file, and show which machines come back; hosts are only read",
    "rebalance": "propose entries of the stack file that use the hosts more evenly, with cost and gain; hosts are only read",
    "hold": "keep all runs from moving a machine, or from moving anything to a host; contacts no host",
    "release": "remove such a hold; contacts no host",
    "recover": "after an interrupted run: take over its lock, repair the state, report on each machine; moves nothing",
    "jobs": "show the migrations that run on all hosts, yours and those of others; `jobs cancel` stops one",
    "watch": "follow a run in progress, whoever started it: moves, speed, time left, what waits for what; read-only",
    "yield": "ask the run in progress to leave its moves to the hosts and to release its stack; contacts no host",
    "unlock": "remove locks left behind by a killed pulumi, a full disk or a power failure",
    "history": "show which hosts a machine has been on, since when, and who moved it there; contacts no host",
    "report": "summarize what a stack did in a period: moves, bytes, pauses, drift, holds; contacts no host",
    "fleet": "combine the drift reports of many stacks into one table; contacts no host",
    "schema": "print the JSON Schema of stack files, or of another format; contacts no host",
    "completion": "print a completion script for bash, zsh, fish or PowerShell; contacts no host",
    "audit": "verify the log of who moved what, or add a note to it; contacts no host",
}
"""Each verb with its line of `--help`, in that order. Its module (`module_of`) has `run(options)`, that of the same name in `words` `add_to(parser)`."""


def module_of(verb: str) -> str:
    """Return the name of the module of a verb: no word of Python is one."""
    name = verb.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return its exit code."""
    return delivered(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        fold_to(columns())
        options = parser().parse_args(arguments)
        if any(getattr(options, form, False) for form in _FORMS):
            fold_to(None)
        return _done(options)
    except SystemExit as end:  # argparse: --help, --version, or words that it does not know
        return int(end.code or 0)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; nothing was changed\n")
        return INTERRUPTED


def _done(options: argparse.Namespace) -> int:
    try:
        settings = read_settings(os.environ, options.log_level)
        with collected_rarely(), logged(settings, lambda line: sys.stderr.write(f"{line}\n")):
            begun, verb = time.monotonic(), options.run.module
            code: int = options.run(options)
            _log.info("%s ended with exit code %d after %.3f s", verb, code, time.monotonic() - begun)
            return code
    except (PlacementError, OSError) as error:
        sys.stderr.write(f"{error if isinstance(error, PlacementError) else of_this_computer(error)}\n")
        if options.debug:
            sys.stderr.write(f"{getattr(error, 'detail', '')}\n{traceback.format_exc()}")
        return FAILED


class VerbParser(Parser):
    """The parser of a verb, whose words are loaded once the verb is typed."""

    def __init__(self, *, module: str | None = None, **options: Any) -> None:
        """Take the words of `module`; None: of a verb below a verb, whose words are there already."""
        super().__init__(**options)
        self._module = module

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as argparse does, which calls this for the verb that was typed and for no other."""
        return super(VerbParser, self.filled()).parse_known_args(args, namespace)

    def filled(self) -> VerbParser:
        """Return the parser with the words of its verb."""
        module, self._module = self._module, None
        if module is not None:
            self.set_defaults(run=Later(module))
            import_module(f"hyperv_placement.commands.words.{module}").add_to(self)
        return self


def parser() -> Parser:
    """Return the parser of the whole, with a verb's own words still to come (`VerbParser.filled`)."""
    whole = Parser(prog="placement", description="VM placement as code for Hyper-V")
    whole.epilog = (
        "placement COMMAND --help lists the options and exit codes of a command. Ctrl-C ends with 130."
    )
    whole.add_argument("--version", action="version", version=f"placement {__version__}")
    whole.add_argument("--debug", action="store_true", help="show what lies behind an error")
    whole.add_argument(
        "--log-level",
        choices=LEVELS,
        help="print what is asked of hosts, what they answer, and what is decided",
    )
    whole.set_defaults(whole=whole)
    verbs = whole.add_subparsers(required=True, metavar="COMMAND", parser_class=VerbParser)
    for verb, line in VERBS.items():
        verbs.add_parser(verb, help=line, module=module_of(verb))
    return whole
