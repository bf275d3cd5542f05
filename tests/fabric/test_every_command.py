"""Each command of `bin/placement`, by its parser so that none is forgotten, where this computer does not do its part.

Outputs that are closed, full or unread; a full disk; inputs that are torn; no MD5: a line each, no traceback, and a code that
says what is so.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hyperv_placement.commands.cli import VERBS, VerbParser, parser
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.workspace.inventory_file import Recorded, write
from tests.fabric.conftest import Fabric
from tests.forking import Done, Forks, forks
from tests.unit.lab.conftest import estate, machine

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.name != "posix", reason="processes are forked, and limited as POSIX does"),
]

WRITTEN = {"save", "output", "html", "junit"}
"""Options that name a file which is written."""
READ = {"inventory", "preview"}
EDITED = {"drain": "", "return": "maintenance: [hv1]\n"}
"""Commands that change the stack file, each with a copy of its own that is written anew, and what stands there besides."""
OWN_STACK = {"discover", "record", "unlock"}
"""Commands that do not read the file of the stack that is named as others do."""
OF_BOOKS = {"fleet", "report"}
"""Those that name a stack and read no stack file: reports that were made before (one that is torn is "not read"), and the audit log."""
GUID = "11111111-2222-3333-4444-555555555555"


def commands() -> dict[str, argparse.ArgumentParser]:
    """Return every command with its parser."""
    [found] = [each for each in parser()._actions if isinstance(each, argparse._SubParsersAction)]
    filled = {name: each.filled() for name, each in found.choices.items() if isinstance(each, VerbParser)}
    assert list(filled) == list(VERBS)
    return {**filled}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the commands are given: a lab that answers, and files."""

    home: Path
    fabric: Fabric
    processes: Forks

    def words(self, name: str, *, files: Mapping[str, Path] | None = None, extra: bool = False) -> list[str]:
        """Return words for a command: what it cannot do without, and what `files` has an option for; `extra`: all it can write."""
        given, words = files or {}, list[str]()
        wanted = {"files", "hosts", "host", "subject"} | ({"stack"} if name not in OWN_STACK else set())
        for action in commands()[name]._actions:
            option = max(action.option_strings, key=len, default="")
            if action.dest in WRITTEN and (extra or action.required):
                words += [option, str(self.home / f"{name}.{action.dest}")]
            elif option and action.dest in given:
                words += [option, str(given[action.dest])]
            elif action.required or (not option and action.dest in wanted):
                words += [*([option] if option else []), self.word(name, action.dest, given)]
        return [name, *words, *(self.known(name))]

    def word(self, name: str, dest: str, given: Mapping[str, Path]) -> str:
        """Return a word that a command takes in this place."""
        if dest in {"stack", "files"}:
            whole = self.home / (f"{name}.yaml" if name in EDITED else "made.yaml")
            return "new" if name == "discover" else str(given.get("stack", whole))
        if dest == "subject" and name in {"drain", "return", "hold", "release"}:
            return "hv1"
        known = {"host": "hv1", "hosts": self.fabric.world.hosts["hv1"].url, "id": GUID, "code": "401"}
        return {**known, "until": "2099-12-31", "reason": "firmware"}.get(dest, "WEB01")

    def known(self, name: str) -> list[str]:
        """Return what a command needs to reach the lab that no stack file tells it."""
        home = self.fabric.home
        if name == "discover":
            return [
                "--credentials",
                str(home / "credentials.yaml"),
                "--ca",
                str(home / "ca.pem"),
                "--output",
                str(self.home / "new.yaml"),
            ]
        return ["--stack", str(self.home / "made.yaml")] if name == "record" else []

    def run(self, words: list[str], **how: object) -> Done:
        """Run a command; what an earlier one has written is gone."""
        for path in [*self.home.glob("*.save"), *self.home.glob("*.output"), self.home / "new.yaml"]:
            path.unlink(missing_ok=True)
        for name, more in EDITED.items():
            text = (self.home / "made.yaml").read_text(encoding="utf-8")
            (self.home / f"{name}.yaml").write_text(text + more, encoding="utf-8")
        done = self.processes.run(words, environ={"PULUMI_BACKEND_URL": self.home.as_uri()}, **how)  # type: ignore[arg-type]
        assert "Traceback" not in done.errors + done.output, done
        assert "bug" not in (done.errors + done.output).casefold(), done
        return done


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A lab of two machines on three hosts; one of them is elsewhere than declared."""
    home = tmp_path_factory.mktemp("place")
    fabric = Fabric(estate(machine("WEB01"), machine("WEB02", "hv2")), home / "lab")
    (home / "made.yaml").write_text(
        f"connection: {{credentials: '{fabric.home / 'credentials.yaml'}', ca: '{fabric.home / 'ca.pem'}'}}\n"
        "hosts:\n"
        + "".join(f"  {name}: {{address: '{host.url}'}}\n" for name, host in fabric.world.hosts.items())
        + "vms:\n  WEB01: {host: hv1}\n  WEB02: {host: hv3}\n",
        encoding="utf-8",
    )
    write(
        home / "hosts.json",
        Recorded(read=datetime(2026, 1, 1, tzinfo=UTC), inventory=fabric.estate.read(Detail.FULL)),
    )
    (home / "preview.json").write_text('{"duration": 1, "changeSummary": {"same": 1}}', encoding="utf-8")
    try:
        with forks() as processes:
            yield Place(home=home, fabric=fabric, processes=processes)
    finally:
        fabric.close()


@pytest.fixture(scope="module")
def undisturbed(place: Place) -> Callable[[str], Done]:
    """Return what a command does where nothing is in its way."""
    return functools.cache(lambda name: place.run(place.words(name)))


NAMES = sorted(commands())


def every_third(first: int) -> list[object]:
    """Return the commands, those but every third marked as long: in three tests of one kind each command has its turn."""
    return [
        name if number % 3 == first else pytest.param(name, marks=pytest.mark.all)
        for number, name in enumerate(NAMES)
    ]


@pytest.mark.parametrize("name", every_third(0))
def test_an_output_that_takes_nothing_is_an_error(
    place: Place, undisturbed: Callable[[str], Done], name: str
) -> None:
    """Closed, or full: code 1 and why. A reader that goes has what it wanted: the code is that of the command."""
    as_ever = undisturbed(name)
    gone = place.run(place.words(name), output="unread")
    assert (gone.code, gone.errors) == (as_ever.code, as_ever.errors)
    for kind, why in (("closed", "the output is closed"), ("full", "no space left on device")):
        done = place.run(place.words(name), output=kind)
        if as_ever.output:
            assert done.code == 1
            assert done.errors.splitlines()[-1].startswith(f"What was to be printed cannot be: {why}. ")
        else:
            assert done == as_ever


@pytest.mark.parametrize("name", every_third(1))
def test_where_nobody_hears_of_errors_the_code_is_the_same(
    place: Place, undisturbed: Callable[[str], Done], name: str
) -> None:
    """Standard error may be closed, full or unread."""
    for kind in ("closed", "full", "unread"):
        done = place.run(place.words(name), errors=kind)
        assert (done.code, done.output) == (undisturbed(name).code, undisturbed(name).output)


@pytest.mark.parametrize("name", every_third(2))
def test_on_a_full_disk_what_cannot_be_written_is_said(place: Place, name: str) -> None:
    """Every file that the command can write; nothing of it is left, and what is none of them goes on."""
    words = place.words(name, extra=True)
    before = set(place.home.iterdir())
    done = place.run(words, disk_full=True)
    if any(action.dest in WRITTEN for action in commands()[name]._actions):
        assert done.code == 1
        assert "cannot be written: File too large" in done.errors
    assert set(place.home.iterdir()) <= before


@pytest.mark.parametrize(
    "name", [name for name in NAMES if any(each.dest in WRITTEN for each in commands()[name]._actions)]
)
def test_a_file_below_a_file_cannot_be_written_and_that_is_said(place: Place, name: str) -> None:
    """As in a folder that is not there, or takes nothing from this account."""
    below = place.home / "made.yaml" / "below"
    words = [
        str(below) if word.startswith(str(place.home / f"{name}.")) else word
        for word in place.words(name, extra=True)
    ]
    done = place.run([str(below) if word == str(place.home / "new.yaml") else word for word in words])
    assert done.code == 1
    assert str(below.parent) in done.errors
    assert len(done.errors.splitlines()) <= 2


def test_on_a_full_disk_a_stack_file_stays_as_it_is(place: Place) -> None:
    """Whole, under its own name, and with nothing beside it."""
    path = place.home / "made.yaml"
    before, content = set(place.home.iterdir()), path.read_bytes()
    machine = place.fabric.lab_vm("WEB02").id
    for words in (["drift", str(path), "--accept"], ["adopt", "WEB02", str(path), "--id", machine]):
        done = place.run(words, disk_full=True)
        assert done.code == 1
        assert f"{path} cannot be written: File too large" in done.errors
        assert path.read_bytes() == content
        assert set(place.home.iterdir()) == before


@pytest.mark.parametrize("name", every_third(0))
def test_without_md5_there_is_no_ntlm_and_a_line_says_so(
    place: Place, undisturbed: Callable[[str], Done], name: str
) -> None:
    """As in FIPS mode: it is this computer, and nobody has refused the credential."""
    done = place.run(place.words(name), md5=False)
    said = done.errors + done.output
    if "MD5" not in said:
        assert done == undisturbed(name), "it asks no host"
    else:
        assert done.code != 0
        assert "auth: kerberos" in said
        assert "refused the credential" not in said


def readers() -> list[tuple[str, str]]:
    """Return each command with each kind of file that it reads and cannot do without."""
    return [
        (name, "stack" if action.dest == "files" else action.dest)
        for name in NAMES
        for action in commands()[name]._actions
        if action.dest in READ or (action.dest in {"stack", "files"} and name not in OWN_STACK | OF_BOOKS)
    ]


TORN = ("empty", "half", "zeros", "a folder", "not there", "below a file")


def tears() -> list[object]:
    """Return each reader with each way in which its input is none, marked as long but for two: these go round the ways."""
    return [
        pytest.param(name, kind, how, marks=() if way % 3 == number % 3 else pytest.mark.all)
        for number, (name, kind) in enumerate(readers())
        for way, how in enumerate(TORN)
    ]


@pytest.mark.parametrize(("name", "kind", "how"), tears())
def test_a_torn_input_is_a_line(place: Place, name: str, kind: str, how: str) -> None:
    """Empty, half, of zeros, a folder, a file that is not there, and a place below a file."""
    whole = place.home / {"stack": "made.yaml", "inventory": "hosts.json", "preview": "preview.json"}[kind]
    content = whole.read_bytes()
    torn = place.home / f"torn{whole.suffix}"
    torn.unlink(missing_ok=True)
    parts = {"empty": b"", "half": content[: len(content) // 2], "zeros": bytes(len(content))}
    if how in parts:
        torn.write_bytes(parts[how])
    given = {"a folder": place.home, "below a file": whole / "below"}.get(how, torn)
    done = place.run(place.words(name, files={kind: given}))
    assert done.code == 1, done
    assert str(given) in done.errors
    if how in parts:
        assert len(done.errors.splitlines()) <= 3


def test_the_commands_do_something(undisturbed: Callable[[str], Done]) -> None:
    """Else they would be tried on nothing: hosts answer, and the machine that is elsewhere is seen."""
    codes = {
        name: undisturbed(name).code
        for name in ("check", "discover", "doctor", "drift", "explain", "inventory", "plan", "record")
    }
    assert codes == {
        "check": 0,
        "discover": 0,
        "doctor": 6,  # delegation is not checked without a directory
        "drift": 2,
        "explain": 0,
        "inventory": 0,
        "plan": 0,
        "record": 0,
    }
    assert json.dumps(undisturbed("plan").output).count("WEB02") > 0
