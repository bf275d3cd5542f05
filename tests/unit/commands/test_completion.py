"""Completion: what each shell offers, asked of the shell itself where it is installed."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from hyperv_placement.commands.cli import VERBS, main, parser
from tools.workspace import PROJECT

ASKED = [
    (("pl",), {"plan"}),
    (("audit", ""), {"verify", "note", "--help", "-h"}),
    (("audit", "verify", ""), {"lab", "prod", "--against", "--from", "--json", "--help", "-h"}),
    (("plan", "l"), {"lab"}),
    (("plan", "lab", "--j"), {"--json"}),
    (("plan", "lab", "--inventory", "ho"), {"hosts.json"}),
    (("plan", "oth"), {"other.yaml"}),
    (("--log-level", "d"), {"debug"}),
    (("discover", "--from", ""), {"lab", "prod"}),
    (("discover", "--auth", "ker"), {"kerberos"}),
    (("init", "--forge", "git"), {"github", "gitlab"}),
    (("hold", "hv1", "--reason", "p"), set()),
    (("completion", "f"), {"fish"}),
    (("jobs", "c"), {"cancel"}),
]
"""Words so far, the last of them half typed -> what is offered."""
PLACEMENT = str(PROJECT / "bin" / "placement")
FILES = {"hosts.json", "other.yaml", "script"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two stacks, and a folder in it."""
    (tmp_path / "Pulumi.yaml").touch()
    for name in (
        "stacks/lab.yaml",
        "stacks/prod.yaml",
        "stacks/Pulumi.lab.yaml",
        "within/hosts.json",
        "within/other.yaml",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path / "within"


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the script of a shell."""
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def said(words: list[str], folder: Path) -> set[str]:
    """Return what a shell prints, a line each, without what fish says of a word."""
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("COMP_")},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return {line.partition("\t")[0] for line in done.stdout.splitlines() if line}


@pytest.mark.skipif(shutil.which("bash") is None or os.name != "posix", reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "offered"), ASKED, ids=lambda value: "-".join(value) if isinstance(value, tuple) else ""
)
def test_bash_offers_what_comes_next(
    words: tuple[str, ...], offered: set[str], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands, options, what an option takes, stacks of the project from any folder of it, files."""
    (project / "script").write_text(script("bash", capsys), encoding="utf-8")
    asking = (
        'set -u; source ./script; complete -p placement >/dev/null; COMP_WORDS=(bin/placement "$@"); COMP_CWORD=$#; _placement;'
        ' printf "%s\\n" ${COMPREPLY[@]+"${COMPREPLY[@]}"}'
    )
    assert said(["bash", "--noprofile", "--norc", "-c", asking, "bash", *words], project) == offered


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
@pytest.mark.parametrize(
    "words", ["pl", "audit ve", "plan l", "plan lab --j", "discover --from l", "discover --auth ker"]
)
def test_fish_offers_the_same(words: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By fish's own question for completions, each with what it does."""
    (project / "script").write_text(script("fish", capsys), encoding="utf-8")
    asking = f"source ./script; complete -C 'placement {words}'"
    done = said(["fish", "--no-config", "-c", asking], project)
    wanted = {
        "pl": "plan",
        "audit ve": "verify",
        "plan l": "lab",
        "plan lab --j": "--json",
        "discover --from l": "lab",
    }
    assert wanted.get(words, "kerberos") in done


NAMES = """
hosts: {hv1: {}, hv2: {}}
vms:
  WEB01: {host: hv1}
  Web Server: {host: hv1}
  "$(reboot)": {host: hv2}
"""
ELSEWHERE = "{hosts: {hv9: {}}, vms: {DB01: {host: hv9}}}"
LOOKED_UP = [
    (("drain", "lab", ""), {"hv1", "hv2"}),
    (("drain", ""), {"hv1", "hv2", "hv9", "lab", "site", "torn"}),
    (("drain", "hv1", "--to", "h"), {"hv1", "hv2", "hv9"}),
    (("history", "site", ""), {"DB01"}),
    (("hold", "lab", ""), {"hv1", "hv2", "WEB01", "Web\\ Server"}),
    (("jobs", "cancel", "W"), {"WEB01", "Web\\ Server"}),
    (("jobs", "cancel", "Web\\ S"), {"Web\\ Server"}),
    (("jobs", "cancel", '"Web S'), {"Web Server"}),
    (("jobs", "cancel", "'Web"), {"Web Server"}),
    (("history", "Web S"), {"Web\\ Server"}),
    (("drift", "lab", "--accept", ""), {"WEB01", "Web\\ Server"}),
    (("accept-host", "torn", ""), set()),
    (("explain", "switch-m"), {"switch-missing"}),
]
"""Words so far -> which names are offered, those of options and of stacks that were typed already left aside."""


@pytest.fixture
def declared(project: Path) -> Path:
    """Stack files with hosts and machines, and one that is no YAML; names that a shell would split or run are among them."""
    stacks = project.parent / "stacks"
    (stacks / "prod.yaml").unlink()
    (stacks / "lab.yaml").write_text(NAMES, encoding="utf-8")
    (stacks / "site.yaml").write_text(ELSEWHERE, encoding="utf-8")
    (stacks / "torn.yaml").write_text("hosts: {hv1: [", encoding="utf-8")
    return project


@pytest.mark.skipif(shutil.which("bash") is None or os.name != "posix", reason="there is no bash")
@pytest.mark.parametrize(("words", "names"), LOOKED_UP, ids=lambda value: "-".join(map(str, value)))
def test_hosts_and_machines_are_those_of_the_stack_files(
    words: tuple[str, ...], names: set[str], declared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the stack that was typed, else of all; no host is asked: these have no address."""
    (declared / "script").write_text(script("bash", capsys), encoding="utf-8")
    asking = 'source ./script; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _placement; printf "%s\\n" "${COMPREPLY[@]}"'
    found = said(["bash", "--noprofile", "--norc", "-c", asking, "bash", PLACEMENT, *words], declared)
    stacks = {"lab", "site", "torn"} if {"lab", "site", "torn"} & set(words) else set()
    assert {each for each in found if not each.startswith("-")} - stacks - FILES - {"cancel"} == names


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
@pytest.mark.parametrize("words", ["drain lab hv", "drain hv1 --to hv"])
def test_fish_looks_them_up_as_well(words: str, declared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the program that stands on the line."""
    (declared / "script").write_text(script("fish", capsys), encoding="utf-8")
    found = said(
        ["fish", "--no-config", "-c", f"source ./script; complete -C '{PLACEMENT} {words}'"], declared
    )
    assert {"hv1", "hv2"} <= found


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
def test_fish_offers_names_with_a_blank(declared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One word each, which fish quotes when it inserts it."""
    (declared / "script").write_text(script("fish", capsys), encoding="utf-8")
    asking = f"source ./script; complete -C '{PLACEMENT} history Web'"
    assert "Web Server" in said(["fish", "--no-config", "-c", asking], declared)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
def test_zsh_takes_its_script(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its bashcompinit runs that of bash."""
    (project / "script").write_text(script("zsh", capsys), encoding="utf-8")
    asking = "source ./script && print -r -- $_comps[placement]"
    assert "_placement" in " ".join(said(["zsh", "-f", "-c", asking], project))


@pytest.mark.skipif(shutil.which("zsh") is None or os.name != "posix", reason="there is no zsh")
@pytest.mark.parametrize("typed", ["Web", "Web\\ ", '"Web'])
def test_zsh_completes_at_the_press_of_a_key(
    typed: str, declared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a terminal, as nothing else shows whether it runs the script of bash: a name with a blank, which zsh quotes."""
    (declared / "script").write_text(script("zsh", capsys), encoding="utf-8")
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(declared)
        os.environ.update(
            TERM="dumb", PS1="ready> ", HOME=str(declared), PATH=f"{PROJECT / 'bin'}:{os.environ['PATH']}"
        )
        os.execlp("zsh", "zsh", "-f", "-i")  # noqa: S606 - a terminal of its own, which is what it asks
    try:
        for words in ("source ./script\n", f"placement history {typed}\t"):
            until(terminal, b"ready> ")
            os.write(terminal, words.encode())
        shown = until(terminal, b"Server")
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)
    assert b"Web\\ Server" in shown or b'"Web Server' in shown


def until(terminal: int, wanted: bytes) -> bytes:
    """Return what a terminal shows until it has shown `wanted`."""
    shown = b""
    while wanted not in shown:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, shown
        shown += os.read(terminal, 4096)
    return shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_every_word_is_in_every_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Commands, those below others, and each option; nothing of a help text ends a quoted word."""
    text = script(shell, capsys)
    for verb in VERBS:
        assert verb in text
    for path, command in parser().commands():
        for option in command._option_string_actions:
            name = option.lstrip("-") if shell == "fish" else option
            assert name in text, (path, option)
    if shell == "powershell":
        assert text.count("@{") == 2
        assert "'plan:--inventory' = @(), @('file'), @()" in text
        assert "'plan' = @('-h', '--help', '--inventory', '--at', '--json'), @('stack'), @()" in text
        assert "'drain:--to' = @(), @(), @('host')" in text


def test_another_shell_is_named_as_none(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    assert main(["completion", "fsh"]) == 1
    assert (
        "there is no 'fsh'; did you mean 'fish'? (there: bash, zsh, fish, powershell)"
        in capsys.readouterr().err
    )
