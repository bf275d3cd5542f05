"""Which words `bin/lab` understands."""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path
from typing import Any, NoReturn

from hyperv_placement.model.nearest import NearNames
from lab.estate.spec import LOCALES
from lab.world.builds import BUILDS
from lab.world.faults import KINDS, WORDS
from lab.world.objects import ABSENT_FORMS

from . import terminal

_KIND = 22
"""Columns before the meaning of a kind of fault."""
_WIDE = 100
"""Columns of the list of kinds where nothing says how wide lines may be."""


class Parser(argparse.ArgumentParser):
    """A parser that answers a wrong word with the one that may have been meant."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and what is wrong; end with 2."""
        self.print_usage()
        terminal.say(f"{self.prog}: {message}", to=sys.stderr)
        self.exit(2)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; a word that the command does not have is an error."""
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.error(f"{unknown[0]} is no word of this command")
        return found

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as argparse does; the command that an unknown option was typed for knows what it may have meant."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown and unknown[0].startswith("-"):
            own = [word for action in self._actions for word in action.option_strings]
            self.error(
                f"{unknown[0]} is no option of this command{NearNames(own).suggestion(unknown[0].partition('=')[0])}"
            )
        return found, unknown

    def print_usage(self, file: Any = None) -> None:
        """Print it to standard error, folded as everything."""
        terminal.say(self.format_usage().rstrip(), to=file or sys.stderr)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        names = [str(each) for each in action.choices if each != "serve"]
        near = NearNames(names).suggestion(str(value))
        raise argparse.ArgumentError(action, f"there is no {value!r}{near} (there: {', '.join(names)})")


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    whole = Parser(
        prog="lab",
        description="A lab of simulated Hyper-V hosts on this machine: real sockets, real files, no Windows.",
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_up(
        commands.add_parser("up", help="start the lab in the background, or take it up where it was left")
    )
    commands.add_parser("down", help="stop it; its estate stays for the next `up`")
    commands.add_parser("serve")  # what `up` starts; without help it is not listed
    status = commands.add_parser("status", help="say where everything is")
    status.add_argument(
        "--json", action="store_true", help="as JSON, with addresses and the account's password"
    )
    move = commands.add_parser("move", help="move a machine as a person logged on at its host would")
    move.add_argument("vm", metavar="VM", help="name or GUID")
    move.add_argument("host", metavar="HOST", help="where to")
    move.add_argument("--no-wait", action="store_true", help="return at once, not on arrival")
    purge = commands.add_parser(
        "purge", help="have a host forget what the directory answered it, as klist purge -li 0x3e7 there"
    )
    purge.add_argument("host", metavar="HOST")
    _add_fault(commands.add_parser("fault", help="make something go wrong"))
    log = commands.add_parser("log", help="show every change that was asked, and what came of it")
    log.add_argument("--json", action="store_true", help="as it is kept: one JSON object a line")
    return whole


def _add_up(up: argparse.ArgumentParser) -> None:
    up.description = (
        "Start the lab. Without options it goes on with the estate it has (3 hosts and 12 machines at first); "
        "--hosts, --vms, --seed, --estate, --build and --fresh build a new one in its place."
    )
    estate = up.add_argument_group("estate")
    estate.add_argument("--hosts", type=_count(1, 64), metavar="N", help="that many hosts, hv1 ..")
    estate.add_argument("--vms", type=_count(0, 5000), metavar="M", help="that many machines, VM001 ..")
    estate.add_argument("--estate", type=_file, metavar="FILE", help="the estate that a YAML file describes")
    estate.add_argument("--seed", type=_count(0, 2**31), metavar="S", help="other GUIDs, sizes and contents")
    estate.add_argument("--build", choices=BUILDS, help="the hosts' Windows Server (2022)")
    estate.add_argument("--fresh", action="store_true", help="build anew even if there is one")
    run = up.add_argument_group("run")
    run.add_argument(
        "--speed", type=_speed, metavar="X", help="time runs X times as fast (1: a move takes 4 to 8 s)"
    )
    run.add_argument("--locale", choices=LOCALES, help="the hosts' language (en-US)")
    run.add_argument(
        "--absent-form",
        choices=ABSENT_FORMS,
        metavar="FORM",
        help=f"how hosts answer in a WMI namespace that they do not have: {', '.join(ABSENT_FORMS)}",
    )
    run.add_argument(
        "--migration-limit",
        type=_count(1, 1000),
        metavar="N",
        help="live and storage migrations at once, per host",
    )
    run.add_argument(
        "--ports",
        type=_ports,
        metavar="BASE",
        help="hv1 listens on BASE (25986), hv2 on the next .., and for plain HTTP 1000 above; auto: free ones",
    )
    run.add_argument(
        "--allow-unencrypted",
        action=argparse.BooleanOptionalAction,
        help="over HTTP also take plain messages and basic, as with AllowUnencrypted=true",
    )
    run.add_argument(
        "--directory",
        action="store_true",
        help="with a real directory: Samba's domain controller (root; make directory installs it)",
    )
    run.add_argument(
        "--ticket-cache",
        type=_seconds,
        metavar="S",
        help="for how many seconds hosts keep what the directory answered them (20; 0: not at all)",
    )
    up.add_argument(
        "--write-stack",
        type=Path,
        metavar="FILE",
        help="also write a stack file that declares the estate as it is",
    )


def _add_fault(fault: argparse.ArgumentParser) -> None:
    actions = fault.add_subparsers(dest="action", required=True, metavar="ACTION")
    wide = terminal.columns() or _WIDE
    kinds = "\n".join(_kind(name, kind.meaning, wide) for name, kind in KINDS.items())
    add = actions.add_parser(
        "add",
        help="add a rule",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=textwrap.dedent("Add a rule. Kinds:\n") + kinds,
    )
    add.add_argument("kind", choices=KINDS, metavar="KIND")
    add.add_argument("--host", help="only at this host")
    add.add_argument("--vm", help="only for this machine")
    add.add_argument("--operation", help="only for this WS-Man operation or method, such as Enumerate")
    add.add_argument("--times", type=_times, metavar="N", help="how often, or `always`; most kinds: once")
    add.add_argument("--after", type=_count(0, 100), metavar="PERCENT", help="at which percent of a job (5)")
    add.add_argument(
        "--error", metavar="CODE|TEXT", help="0x8009030E, 32774, or words (a name, a password) of your own"
    )
    add.add_argument(
        "--seconds", type=float, metavar="S", help="how late a slow host answers, how long a host is down (5)"
    )
    add.add_argument("--seed", type=int, metavar="N", help="what is left to chance goes by this number (0)")
    actions.add_parser("list", help="list the rules and how often each still applies")
    clear = actions.add_parser("clear", help="remove a rule, or all")
    clear.add_argument("id", nargs="?", type=int, metavar="ID")


def _kind(name: str, meaning: str, wide: int) -> str:
    lines = textwrap.wrap(meaning, max(wide - _KIND - 1, _KIND))
    first, *rest = lines
    return "\n".join([f"  {name:20} {first}", *(f"{'':{_KIND + 1}}{line}" for line in rest)])


def fault_of(given: argparse.Namespace) -> dict[str, Any]:
    """Return the words of `fault add` as the running lab wants them; `--error` is a code or a text, by its kind and form."""
    code, text = None, given.error
    if text is not None and given.kind not in WORDS:
        try:
            code, text = int(text, 0), None
        except ValueError:
            code = None
    names = ("kind", "host", "vm", "operation", "times", "after", "seconds", "seed")
    return {**{name: getattr(given, name) for name in names}, "code": code, "text": text}


def _count(least: int, most: int) -> Any:
    def number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
        return int(text)

    return number


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.01 <= speed <= 1000:  # noqa: PLR2004 - slower or faster than this nothing can be followed
        raise argparse.ArgumentTypeError(f"{text!r} is no factor from 0.01 to 1000")
    return speed


def _seconds(text: str) -> float:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return float(text)


def _ports(text: str) -> str:
    if text != "auto" and not (text.isdecimal() and 1024 <= int(text) <= 64000):  # noqa: PLR2004 - user ports
        raise argparse.ArgumentTypeError(f"{text!r} is neither a port from 1024 to 64000 nor `auto`")
    return text


def _times(text: str) -> str:
    if text != "always" and not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor `always`")
    return text


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text!r}")
    return path
