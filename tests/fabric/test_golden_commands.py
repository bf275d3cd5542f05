"""What `bin/placement` prints of one lab, compared with golden files: text, JSON, exit codes and errors.

A change of words shows as a difference here. What was printed lies beside the golden files' place in the test's folder, to be
copied to `tests/golden/commands` where the difference is meant.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.workspace.inventory_file import Recorded, write
from tests.fabric.conftest import Fabric
from tests.forking import Forks, forks
from tests.lines import too_wide
from tests.unit.lab.conftest import estate, machine

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.name != "posix", reason="commands are run by forks"),
]
GOLDEN = Path(__file__).parents[1] / "golden" / "commands"
CHANGING = (
    (re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"), "GUID"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:00| UTC)?"), "TIME"),
    (re.compile(r"\d+ days old"), "N days old"),
)
"""What differs between two runs."""
STACK = """\
connection: {{credentials: '{home}/lab/credentials.yaml', ca: '{home}/lab/ca.pem'}}
hosts:
  hv1: {{address: '{hv1}', storage: {{fast: 'E:\\Hyper-V'}}}}
  hv2: {{address: '{hv2}'}}
  hv3: {{address: '{hv3}'}}
vms:
  WEB01: {{host: hv1}}
  WEB02: {{host: hv3}}
  DB01: {{host: hv1, storage: fast}}
  SQL01: {{host: [hv2, hv3]}}
"""
BROKEN = """\
hosts:
  hv1: {adress: hv1.corp.example}
vms:
  WEB01: {hots: hv1}
  WEB02: {host: hv9}
"""
RULES = "rules:\n  - {apart: [WEB01, DB01]}\n"
COMMANDS: dict[str, tuple[str, ...]] = {
    "check": ("check", "made.yaml", "broken.yaml"),
    "inventory": ("inventory", "made.yaml"),
    "plan": ("plan", "made.yaml", "--inventory", "hosts.json"),
    "plan-json": ("plan", "made.yaml", "--inventory", "hosts.json", "--json"),
    "plan-refused": ("plan", "refused.yaml", "--inventory", "hosts.json"),
    "drift": ("drift", "made.yaml"),
    "drift-json": ("drift", "made.yaml", "--json"),
    "drift-markdown": ("drift", "made.yaml", "--markdown"),
    "result": ("result", "made.yaml"),
    "doctor": ("doctor", "made.yaml"),
    "review": ("review", "made.yaml", "--base", "before.yaml", "--inventory", "hosts.json"),
    "explain": ("explain", "0x8009030E"),
    "explain-unknown": ("explain", "nonsense"),
    "missing-stack": ("plan", "nowhere.yaml"),
    "missing-inventory": ("plan", "made.yaml", "--inventory", "nowhere.json"),
    "unknown-verb": ("plam", "made.yaml"),
}
"""Golden file -> words; a file's name stands for its path."""
VERBATIM = {"plan-json", "drift-json", "drift-markdown", "review"}
"""Those that print JSON or Markdown, which no terminal's width changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder of files, and a process that runs commands."""

    home: Path
    processes: Forks

    def printed(self, name: str, columns: int | None = None) -> str:
        """Return what a command prints and how it ends, without what differs between two runs."""
        words = [
            str(self.home / word) if (self.home / word).is_file() or "nowhere" in word else word
            for word in COMMANDS[name]
        ]
        done = self.processes.run(
            words, environ={"COLUMNS": str(columns or ""), "PULUMI_BACKEND_URL": self.home.as_uri()}
        )
        text = f"$ bin/placement {' '.join(COMMANDS[name])}\n{done.output}--- errors, exit code {done.code}\n{done.errors}"
        text = text.replace(str(self.home), "HOME")
        for pattern, word in CHANGING:
            text = pattern.sub(word, text)
        return text


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A lab of four machines on three hosts: one is elsewhere than declared, one has its files elsewhere."""
    home = tmp_path_factory.mktemp("golden")
    fabric = Fabric(
        estate(machine("WEB01"), machine("WEB02", "hv2"), machine("DB01"), machine("SQL01", "hv3")),
        home / "lab",
    )
    declared = STACK.format(home=home, **{name: host.url for name, host in fabric.world.hosts.items()})
    (home / "made.yaml").write_text(declared, encoding="utf-8")
    (home / "before.yaml").write_text(
        declared.replace("WEB02: {host: hv3}", "WEB02: {host: hv2}"), encoding="utf-8"
    )
    (home / "refused.yaml").write_text(f"{declared}  GONE: {{host: hv2}}\n{RULES}", encoding="utf-8")
    (home / "broken.yaml").write_text(BROKEN, encoding="utf-8")
    read = Recorded(read=datetime(2026, 1, 1, tzinfo=UTC), inventory=fabric.estate.read(Detail.FULL))
    write(home / "hosts.json", read)
    try:
        with forks() as processes:
            yield Place(home=home, processes=processes)
    finally:
        fabric.close()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_prints_what_it_printed(place: Place, name: str, tmp_path: Path) -> None:
    """Byte for byte but for times, ports and paths, so that a change of words is seen by whoever makes it."""
    printed = place.printed(name)
    (tmp_path / f"{name}.txt").write_text(printed, encoding="utf-8")
    expected = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert printed == expected, f"printed: {tmp_path / name}.txt"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in VERBATIM])
def test_no_line_is_wider_than_the_terminal(place: Place, name: str) -> None:
    """At 80 columns, errors as well, but for a word, or a command that a person is to copy, that has no blank to be folded at."""
    shown = place.printed(name, columns=80)
    assert too_wide(shown.partition("\n")[2].replace("--- errors", "errors")) == []


def test_every_golden_file_is_compared() -> None:
    """One whose command has gone would stay and say nothing."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(COMMANDS)
