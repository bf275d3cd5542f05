"""A stack that has a file and no state: what the wrapper does before it starts the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperv_placement.launch.named_stack import make_sure_of_stack
from tests.unit.tools.fakes import posix_only

pytestmark = posix_only
ENGINE = """#!/bin/sh
echo "$@" >> "{folder}/asked"
case "$*" in *--show-name*) exit {code};; esac
exit 0
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a file for the stack prod."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "prod.yaml").write_text("hosts: {}\n", encoding="utf-8")
    return tmp_path


def asked(
    project: Path, words: str, *, own: bool, code: int = 6, environ: dict[str, str] | None = None
) -> list[str]:
    """Return what the engine was asked for; `code`: how it answers whether there is such a stack."""
    engine = project / "pulumi"
    engine.write_text(ENGINE.format(folder=project, code=code), encoding="utf-8")
    engine.chmod(0o755)
    make_sure_of_stack(words.split(), [str(engine)], environ or {}, project, own=own)
    log = project / "asked"
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


@pytest.mark.parametrize("environ", [{}, {"PULUMI_STACK": "prod"}])
def test_in_the_projects_own_state_it_is_made(project: Path, environ: dict[str, str]) -> None:
    """Nobody needs to know that the engine wants a stack before it previews one."""
    words = "preview --json" if environ else "preview -s prod --json"
    assert asked(project, words, own=True, environ=environ) == [
        "--non-interactive stack init prod --no-select"
    ]


def test_in_a_shared_state_one_line_says_what_to_type(project: Path) -> None:
    """There a slip of the hand would make a stack for everybody."""
    with pytest.raises(SystemExit) as left:
        asked(project, "up -s organization/place/prod", own=False)
    assert str(left.value).endswith("there is no such stack yet. To make it: bin/pulumi stack init prod")


@pytest.mark.parametrize(
    "words",
    [
        "preview -s other",
        "preview -s ..",
        "destroy -s prod",
        "preview",
        "stack rm prod",
        "up -s prod --help",
    ],
)
def test_the_engine_has_the_word_elsewhere(project: Path, words: str) -> None:
    """Without a file, or where nobody begins: what it says of such a stack is right."""
    assert asked(project, words, own=True) == asked(project, words, own=False) == []


def test_a_stack_that_is_there_costs_no_question(project: Path) -> None:
    """By its state, or because it has run here; elsewhere the engine is asked, and knows it."""
    assert asked(project, "up -s prod", own=False, code=0) == ["stack --show-name --stack prod"]
    (project / "asked").unlink()
    for place in (".pulumi/stacks/place/prod.json", ".pulumi/identities/prod.json"):
        (project / place).parent.mkdir(parents=True)
        (project / place).write_text("{}", encoding="utf-8")
    assert asked(project, "up -s prod", own=True) == asked(project, "up -s prod", own=False) == []
