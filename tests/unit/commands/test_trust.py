"""`check` and `review` with a base: trust in the first line and in exit code 5, by what git has and not by what lies there."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperv_placement.commands.cli import main
from hyperv_placement.stackfile.policies import VARIABLE

from .paper import on_paper
from .test_review import MOVED, committed, git

REDIRECTED: dict[str, Any] = {
    "address": "https://hv3.evil.example:5986/wsman",
    "connection": {"auth": "basic", "ca": "docs/images/x.pem"},
}
"""A host as a pull request declares it that wants the password: another place, the password itself, its own authority."""
STILL: dict[str, Any] = {
    "hosts": {"hv1": {}, "hv2": {}, "hv3": {}},
    "vms": {"A": {"at": "hv1"}},
    "stack": {"vms": {"A": {"host": "hv1"}}},
}
"""An estate in which nothing is to move."""


def declare(file: Path, host: str, value: dict[str, Any]) -> None:
    """Declare a host otherwise."""
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["hosts"][host].update(value)
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what was printed."""
    return capsys.readouterr().out


@pytest.mark.parametrize("form", ["file", "revision"])
def test_a_redirected_password_is_the_first_line_of_a_review_and_has_its_own_code(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before any word of moves, in every form, whatever the plan comes to."""
    words = on_paper(STILL, tmp_path)
    stack, base = Path(words[0]), tmp_path / "base.yaml"
    base.write_bytes(stack.read_bytes())
    committed(tmp_path)
    declare(stack, "hv3", REDIRECTED)
    based = ["--base", str(base) if form == "file" else "main"]
    said = "Changes where or how passwords are sent: hv3 (address, auth, ca)"
    page = tmp_path / "page.html"
    assert main(["review", *words, *based, "--html", str(page)]) == 5
    comment = shown(capsys)
    first = comment.splitlines()[0].replace("&#40;", "(").replace("&#41;", ")")
    assert first.startswith(f"{said}; Nothing to move: 1 machine is in place; no rule broken")
    assert comment.index("hv3.evil.example") < comment.index("Declared differently")
    data = json.loads(page.read_text(encoding="utf-8").partition('id="data">')[2].partition("</script>")[0])
    assert data["headline"].startswith(said)
    assert main(["review", *words, *based, "--json"]) == 5
    record = json.loads(shown(capsys))
    assert (record["headline"].startswith(said), record["code"], record["trust"]["stops"]) == (True, 0, True)
    preview = tmp_path / "preview.json"
    preview.write_text('{"changeSummary": {"same": 1}}', encoding="utf-8")
    assert main(["review", words[0], *based, "--preview", str(preview)]) == 5
    assert shown(capsys).startswith("Changes where or how passwords are sent: hv3 ")
    assert main(["check", words[0], *based]) == 5
    assert shown(capsys).startswith(f"{words[0]}: {said}\n    hv3: address: ")
    assert main(["check", *words, *based, "--json"]) == 5
    record = json.loads(shown(capsys))
    assert ([each["name"] for each in record["files"][0]["trust"]["changes"]], record["code"]) == (
        ["address", "auth", "ca"], 0,
    )  # fmt: skip
    assert main(["review", *words, "--json"]) == 0
    assert json.loads(shown(capsys))["trust"] is None


def test_what_is_infeasible_besides_is_in_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """5 says that somebody has to agree; what the plan alone comes to is not lost."""
    words = on_paper(STILL | {"stack": {"vms": {"A": {"host": "hv2"}}, "guard": {"max_moves": 0}}}, tmp_path)
    committed(tmp_path)
    declare(Path(words[0]), "hv3", REDIRECTED)
    for command in ("review", "check"):
        assert main([command, *words, "--base", "main", "--json"]) == 5
        assert json.loads(shown(capsys))["code"] == 3


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """A repository with a stack file whose authority lies in it; return the stack file."""
    words = on_paper(STILL, tmp_path)
    content = yaml.safe_load(Path(words[0]).read_text(encoding="utf-8"))
    content["connection"] = {"ca": "ca.pem"}
    Path(words[0]).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    (tmp_path / "ca.pem").write_text("of the bank\n", encoding="utf-8")
    (tmp_path / "other.pem").write_text("of somebody else\n", encoding="utf-8")
    committed(tmp_path)
    return Path(words[0])


def proposed(estate: Path) -> list[str]:
    """Commit what lies there as a proposal, and put the files back; return the words that name both."""
    git(estate.parent, "checkout", "-q", "-b", "proposed")
    git(estate.parent, "add", "-A")
    git(estate.parent, "commit", "-qm", "proposed")
    git(estate.parent, "checkout", "-q", "main")
    return ["--base", "main", "--head", "proposed"]


@pytest.mark.parametrize("how", ["written", "link", "gone"])
@pytest.mark.parametrize("where", ["lies there", "revision"])
def test_an_authority_with_another_content_is_a_change(
    how: str, where: str, estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though the stack file is the same to the byte: a new content, a link in its place, a file that is not there any more."""
    ca = estate.parent / "ca.pem"
    ca.unlink()
    if how == "written":
        ca.write_text("of somebody else\n", encoding="utf-8")
    elif how == "link":
        ca.symlink_to("other.pem")
    words = ["--base", "main"] if where == "lies there" else proposed(estate)
    assert main(["check", str(estate), *words]) == 5
    said = (
        "Changes where or how passwords are sent: all 3 hosts (ca)\n    all 3 hosts: ca: ca.pem as it was -> "
    )
    assert said in shown(capsys)


def test_an_authority_that_is_as_it_was_is_none(estate: Path) -> None:
    """Also with the line ends of another system, as git may write them, and where it is not in git at all."""
    ca = estate.parent / "ca.pem"
    ca.write_bytes(b"of the bank\r\n")
    assert main(["check", str(estate), "--base", "main"]) == 0
    git(estate.parent, "rm", "-q", "--cached", "ca.pem")
    git(estate.parent, "commit", "-qm", "kept by hand")
    assert main(["check", str(estate), "--base", "main"]) == 0


def test_what_git_would_write_otherwise_than_it_is_reviewed_is_a_change(
    estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In SHIFT-JIS a yen sign of the reviewed text is written as a backslash, an overline as the tilde of a home folder."""
    attributes = "*.yaml working-tree-encoding=SHIFT-JIS\n*.pem ident\n"
    (estate.parent / ".gitattributes").write_text(attributes, encoding="ascii")
    git(estate.parent, "add", ".gitattributes")
    git(estate.parent, "commit", "-qm", "attributes alone")
    assert main(["check", str(estate), "--base", "HEAD~1", "--head", "HEAD"]) == 5
    text = shown(capsys)
    assert "Changes where or how passwords are sent: .gitattributes\n" in text
    assert "story.yaml: working-tree-encoding: SHIFT-JIS" in text
    assert "ca.pem: ident: set" in text


def test_a_hook_of_git_compares_with_the_file_that_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a linked work tree git gives its hooks GIT_DIR: the stack's folder is the top of nothing for that."""
    (tmp_path / "stacks").mkdir()
    stack = Path(on_paper(STILL, tmp_path / "stacks")[0])
    committed(tmp_path)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    assert main(["check", str(stack), "--base", "main"]) == 0
    declare(stack, "hv3", REDIRECTED)
    assert main(["check", str(stack), "--base", "main"]) == 5
    assert "Changes where or how passwords are sent: hv3 (address, auth, ca)" in shown(capsys)


def test_what_git_would_write_otherwise_at_the_end_of_a_link_is_a_change(
    estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stack file is a link to a folder that is one: what counts is the attributes of the name at the end."""
    folder = estate.parent
    (folder / "real").mkdir()
    estate.rename(folder / "real" / "bank.yaml")
    (folder / "estates").symlink_to("real")
    estate.symlink_to("estates/bank.yaml")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "through links")
    assert main(["check", str(estate), "--base", "main", "--head", "HEAD"]) == 0
    (folder / ".gitattributes").write_text(
        "bank.yaml working-tree-encoding=ASCII//TRANSLIT\n", encoding="ascii"
    )
    git(folder, "add", ".gitattributes")
    git(folder, "commit", "-qm", "attributes alone")
    capsys.readouterr()
    assert main(["check", str(estate), "--base", "HEAD~1", "--head", "HEAD"]) == 5
    assert "real/bank.yaml: working-tree-encoding: ASCII//TRANSLIT" in shown(capsys)


def test_a_repository_that_is_reached_through_a_link_is_the_same(
    estate: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Git names its top by the real path; files are found all the same."""
    (estate.parent / "ca.pem").write_text("of somebody else\n", encoding="utf-8")
    link = tmp_path_factory.mktemp("links") / "project"
    link.symlink_to(estate.parent)
    assert main(["check", str(link / estate.name), "--base", "main"]) == 5
    assert "all 3 hosts (ca)" in shown(capsys)


def test_an_authority_in_a_submodule_is_the_commit_of_that(
    estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Git has no content of it here: another commit is another content."""
    content = yaml.safe_load(estate.read_text(encoding="utf-8"))
    content["connection"]["ca"] = "shared/certs/ca.pem"
    estate.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    for commit in ("1" * 40, "2" * 40):
        git(estate.parent, "update-index", "--add", "--cacheinfo", f"160000,{commit},shared")
        git(estate.parent, "add", "story.yaml")
        git(estate.parent, "commit", "-qm", "another commit of the shared repository")
    assert main(["check", str(estate), "--base", "HEAD~1", "--head", "HEAD"]) == 5
    assert "passwords are sent: all 3 hosts (ca)" in shown(capsys)


def test_a_proposal_is_read_from_git_and_nothing_of_it_lies_on_the_disk(
    estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that a pipeline reviews with the files of the default branch, and runs nothing of the proposal."""
    before = estate.read_bytes()
    declare(estate, "hv3", REDIRECTED)
    words = proposed(estate)
    assert estate.read_bytes() == before
    assert main(["check", str(estate), *words]) == 5
    assert "hv3 (address, auth, ca)" in shown(capsys)
    inventory = str(estate.parent / "inventory.json")
    assert main(["review", str(estate), *words, "--inventory", inventory]) == 5
    assert shown(capsys).startswith("Changes where or how passwords are sent: hv3 ")
    assert main(["check", str(estate), "--base", "main", "--head", "main"]) == 0


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside.yaml", "nowhere.yaml", "."])
def test_a_proposal_that_puts_a_link_in_place_of_the_stack_file_is_refused(
    target: str, estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No link of a proposal leads out of the repository."""
    (estate.parent.parent / "outside.yaml").write_bytes(estate.read_bytes())
    estate.unlink()
    estate.symlink_to(target)
    words = proposed(estate)
    assert main(["check", str(estate), *words]) == 1
    assert "is a link that leads to no file of that revision" in capsys.readouterr().err


def test_a_proposal_larger_than_a_stack_file_is_refused_before_it_is_read(
    estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the size that git tells."""
    with estate.open("ab") as file:
        file.truncate(17 * 1024 * 1024)
    assert main(["check", str(estate), *proposed(estate)]) == 1
    assert "is larger than 16 MiB" in capsys.readouterr().err


def test_a_stack_file_that_is_removed_takes_its_guard_along(
    estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it protected another file may move from now on."""
    estate.unlink()
    assert main(["check", str(estate), "--base", "main"]) == 5
    assert shown(capsys).startswith(f"{estate}: Loosens the guard: stack file\n")
    assert main(["check", str(estate), *proposed(estate)]) == 5


def test_a_tree_is_a_revision_too(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As `git merge-tree --write-tree` makes one of a proposal and what it will be merged into."""
    assert main(["check", str(estate), "--base", "main", "--head", "main^{tree}"]) == 0
    assert "3 hosts" in shown(capsys)


@pytest.mark.parametrize("word", ["--output=x", "-x", "main:story.yaml", "no-such-revision"])
def test_what_is_no_revision_is_an_error(word: str, estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever it looks like, to git it is a word and no option."""
    assert main(["check", str(estate), "--base", "main", f"--head={word}"]) == 1
    assert "is neither a file nor a revision of git" in capsys.readouterr().err


def test_names_that_would_steer_a_terminal_are_escaped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key of a host is as hostile as its author."""
    words = on_paper(MOVED, tmp_path)
    committed(tmp_path)
    declare(Path(words[0]), "hv1", {"storage": {"a": "\\\\fs\u202egnp.evil\\x"}})
    assert main(["check", words[0], "--base", "main"]) == 5
    text = shown(capsys)
    assert "\u202e" not in text
    assert "\\u202e" in text


@pytest.mark.parametrize("proposed_as", ["lies there", "revision"])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_no_host_is_dialled_by_a_change_of_trust_that_nobody_has_agreed_to(
    proposed_as: str,
    form: list[str],
    estate: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A review without an inventory asks the hosts: here it would send the password to whoever the proposal names."""
    monkeypatch.setenv("HYPERV_USERNAME", "LAB\\administrator")
    monkeypatch.setenv("HYPERV_PASSWORD", "secret")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        port = listener.getsockname()[1]
        for host in ("hv1", "hv2", "hv3"):
            declare(estate, host, {"address": f"http://127.0.0.{host[2:]}:{port}/wsman"})
        words = ["--base", "main"] if proposed_as == "lies there" else proposed(estate)
        assert main(["review", str(estate), *words, *form]) == 5
        text = shown(capsys)
        assert "Changes where or how passwords are sent: hv1 (address)" in text.replace("&#40;", "(").replace(
            "&#41;", ")"
        )
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert main(["review", str(estate), "--head", "main"]) == 1
    assert "No host is asked by a proposal" in capsys.readouterr().err


def test_a_proposal_is_held_against_the_operators_policy(
    estate: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a file that lies there; and a new host that it names is listed, and does not stop."""
    policy = tmp_path_factory.mktemp("operator") / "policy.yaml"
    policy.write_text("hosts: [.lab.example]\n", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(policy))
    content = yaml.safe_load(estate.read_text(encoding="utf-8"))
    content["hosts"]["hv4"] = {"address": "hv4.lab.example"}
    estate.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    words = proposed(estate)
    assert main(["check", str(estate), *words]) == 0
    assert shown(capsys).startswith(f"{estate}: Within the policy: new host hv4\n")
    content["hosts"]["hv4"]["address"] = "hv4.evil.example"
    estate.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    assert main(["check", str(estate), "--base", "main"]) == 1
    assert "hosts.hv4.address: the operator's policy forbids it" in capsys.readouterr().err
    git(estate.parent, "checkout", "-qb", "again")
    git(estate.parent, "commit", "-qam", "again")
    assert main(["check", str(estate), "--base", "main", "--head", "again"]) == 1
    assert "again:story.yaml" in capsys.readouterr().err
