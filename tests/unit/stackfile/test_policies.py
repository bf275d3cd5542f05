"""The operator's policy: where it lies, and who may have written it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperv_placement.errors import PolicyError
from hyperv_placement.stackfile import load
from hyperv_placement.stackfile.policies import VARIABLE, places
from tests.strangers import AS_ROOT, link_of_another, of_another

from .sites import STACK, Site


@pytest.mark.parametrize(
    ("policy", "line"),
    [
        ("host: [.corp.example]\n", "1: host: unknown key 'host' (known here: "),
        ("hosts: [.corp.example]\nauth: [kerberos, ntml]\n", "2: auth[1]: 'ntml' cannot be used"),
        ("hosts: ['*.corp.example']\n", "1: hosts: '*.corp.example' names no place"),
        ("hosts: [10.20.0.1/16]\n", "1: hosts: '10.20.0.1/16' names no place"),
        ("plain_http: 'no'\n", "1: plain_http: is the text 'no', but must be true or false"),
        ("ca: [nowhere.pem]\n", "1: ca: 'nowhere.pem' cannot be relied on: No such file"),
        ("hosts: []\nhosts: [.evil.org]\n", "2: key 'hosts' stands here again"),
        ("", "1: is empty; write one of its keys"),
        ("hosts: [.corp.example\n", "2: no valid YAML"),
        ("audit: optional\n", "1: audit: 'optional' cannot be used; write required"),
    ],
)
def test_an_ill_policy_is_an_error_before_anything(site: Site, policy: str, line: str) -> None:
    """With its line, as a stack file's; whatever the stack file says."""
    assert any(found.startswith(line) for found in site.ill(policy)), site.ill(policy)


def test_near_names_are_offered(site: Site) -> None:
    """As for keys of a stack file."""
    assert "did you mean 'plain_http'?" in site.ill("plain_htp: false\n")[0]


@pytest.mark.parametrize("named", ["", "missing.yaml", "."])
def test_a_policy_that_is_named_and_not_there_is_an_error(
    site: Site, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """An empty variable, as a pipeline makes of one that nobody has set, is no policy at all."""
    monkeypatch.setenv(VARIABLE, named and str(site.operator / named))
    with pytest.raises(PolicyError):
        site.load()


def _in_the_checkout(site: Site) -> Path:
    return site.write(site.stacks.parent / "policy.yaml", "hosts: [.evil.org]\n")


def _above_in_its_work_tree(site: Site) -> Path:
    (site.operator.parent / ".git").mkdir()
    return site.policy


def _linked_into_the_checkout(site: Site) -> Path:
    link = site.operator / "link.yaml"
    link.symlink_to(_in_the_checkout(site))
    return link


@pytest.mark.parametrize("place", [_in_the_checkout, _above_in_its_work_tree, _linked_into_the_checkout])
def test_a_policy_of_the_repository_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch, place: Callable[[Site], Path]
) -> None:
    """Whoever changes the stack file would change the policy with it."""
    monkeypatch.setenv(VARIABLE, str(place(site)))
    with pytest.raises(PolicyError, match="whose stack files it is to restrict"):
        site.load()


def _file_for_all(site: Site) -> None:
    site.policy.chmod(0o666)


def _folder_for_all(site: Site) -> None:
    site.operator.chmod(0o777)


def _folder_above_for_all(site: Site) -> None:
    site.operator.parent.chmod(0o777)


def _file_of_another(site: Site) -> None:
    of_another(site.policy)


def _folder_of_another(site: Site) -> None:
    of_another(site.operator)


def _link_of_another(site: Site) -> None:
    kept = site.policy.rename(site.operator / "kept.yaml")
    link_of_another(site.policy, kept)


@AS_ROOT
@pytest.mark.parametrize(
    "spoil",
    [
        _file_for_all,
        _folder_for_all,
        _folder_above_for_all,
        _file_of_another,
        _folder_of_another,
        _link_of_another,
    ],
)
def test_a_policy_that_others_could_have_written_is_refused(
    site: Site, spoil: Callable[[Site], None]
) -> None:
    """The file itself, every folder above it, and a link to it."""
    site.load()
    spoil(site)
    with pytest.raises(PolicyError, match="cannot be relied on"):
        load(site.stack)


def test_of_several_policies_a_later_one_only_narrows(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The user's, and one that is named: what either forbids is refused, by its own line."""
    own = tmp_path / "config" / "hyperv-placement" / "policy.yaml"
    own.parent.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    site.write(own, "hosts: [hv1.corp.example]\n")
    (line,) = site.refused(policy="hosts: [.corp.example, .evil.org]\n")
    assert f"({own}:1)" in line
    one = STACK.replace("hv2.corp", "hv1.corp").replace("hv1: {address: hv1.corp.example}\n", "")
    assert list(load(site.write(site.stack, one)).hosts) == ["hv2"]
    own.unlink()
    own.symlink_to(tmp_path / "nowhere")
    with pytest.raises(PolicyError, match="cannot be relied on"):
        load(site.stack)


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"XDG_CONFIG_HOME": "/home/me/.cfg"}, ["/etc/hyperv-placement/policy.yaml", "/home/me/.cfg/hyperv-placement/policy.yaml"]),
        ("linux", {"XDG_CONFIG_HOME": "relative"}, ["/etc/hyperv-placement/policy.yaml", "~/.config/hyperv-placement/policy.yaml"]),
        ("darwin", {}, ["/Library/Application Support/hyperv-placement/policy.yaml", "/etc/hyperv-placement/policy.yaml", "~/.config/hyperv-placement/policy.yaml"]),
        ("win32", {"ProgramData": "D:/ProgramData", "APPDATA": "D:/me"}, ["D:/ProgramData/hyperv-placement/policy.yaml", "D:/me/hyperv-placement/policy.yaml"]),
    ],
)  # fmt: skip
def test_where_policies_lie(platform: str, environment: dict[str, str], expected: list[str]) -> None:
    """Of the computer first."""
    assert [each.as_posix() for each in places(environment, platform)] == [
        Path(each).expanduser().as_posix() for each in expected
    ]


def test_a_policy_below_the_folder_of_a_lone_stack_file_counts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a user's does, for a file in his home: that folder is no repository."""
    lone = site.write(site.operator.parent / "lone.yaml", STACK)
    site.write(site.policy, "hosts: [.corp.example]\n")
    assert load(lone).policy.files
    monkeypatch.setenv(
        VARIABLE, str(site.write(site.operator.parent / "beside.yaml", "hosts: [.corp.example]\n"))
    )
    with pytest.raises(PolicyError, match="whose stack files it is to restrict"):
        load(lone)
