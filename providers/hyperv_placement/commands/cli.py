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
    "init": "write a repository of your own: stack files, launchers, pinned requirements, pipelines; no host is asked",
    "check": "check stack files; no host is asked",
    "inventory": "show what the hosts of a stack report now; read-only",
    "plan": "show what would move, when, and why; read-only",
    "drift": "say what is not as declared, and who did it; hosts are only read",
    "result": "say after a run whether every machine is in its place; read-only",
    "review": "say what a change would do, for a pull request; read-only",
    "discover": "write a stack file that declares machines where hosts show them; read-only there",
    "doctor": "say what stands in the way of moves; read-only",
    "explain": "say what a code of a host means, and what to do; no host is asked",
    "record": "save what a host answers to our reads, names and addresses replaced; read-only",
    "adopt": "write into the stack file which machine a key means, by its GUID; hosts are only read",
    "accept-host": "say that a host was replaced on purpose, so that machines move to it and from it; the host is only read",
    "drain": "write into the stack file that a host must be empty, and show what that would move; hosts are only read",
    "return": "take a host out of maintenance in the stack file, and show who would come back; hosts are only read",
    "rebalance": "propose entries by which hosts are used more evenly, with price and gain; nothing is moved, hosts are only read",
    "hold": "say to every run that nothing comes to a host, or that a machine does not move; no host is asked",
    "release": "take such a hold away; no host is asked",
    "recover": "after a run that was interrupted: take its lock, mend what it has torn, say what became of each machine; moves nothing",
    "jobs": "show the migrations that run on all hosts, ours and those of others; `jobs cancel` ends one",
    "watch": "show a run under way, whoever began it: its moves, pace and time left, who waits for whom; read-only",
    "yield": "have the run under way leave its moves to their hosts and give its stack free; no host is asked",
    "unlock": "remove locks that a killed pulumi, a full disk or a power cut left behind",
    "history": "say on which host a machine was, since when, and who brought it there; no host is asked",
    "report": "say what a stack has done in a period: moves, bytes, pauses, drift, holds; no host is asked",
    "fleet": "join what drift has found in each of many stacks in one table; no host is asked",
    "schema": "print the JSON Schema of stack files, or another one; no host is asked",
    "completion": "print a script by which bash, zsh, fish or PowerShell completes all of this; no host is asked",
    "audit": "check the log of who moved what; no host is asked",
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
    whole.epilog = "Exit codes are those of each command: placement COMMAND --help, and all on one page, docs/exit-codes.md. Ctrl-C: 130."
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
