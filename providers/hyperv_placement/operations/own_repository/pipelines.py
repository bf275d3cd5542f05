"""The pipelines of docs/pipelines, for an operator's repository: where they set a checkout up, they set up that repository."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.system.shipped import shipped

from .values import Forge, Piece, Settings

_MANY = {"apply-sites.yaml": "apply.yaml", "drift-sites.yaml": "drift.yaml"}
"""Workflow for many stacks -> the one whose place it takes (docs/pipelines/README.md, "Many stacks")."""
_CONTINUED = (
    ("--workflow apply.yaml", "--workflow apply-sites.yaml"),
    ('.name == "up"', '(.name | startswith("up ("))'),
)
"""What placement-continue looks for with many stacks, by the same page."""


def pipelines(settings: Settings) -> Iterator[tuple[str, Piece]]:
    """Yield the files of the forge by their places: of one stack, or of as many as there are."""
    if settings.forge is None:
        return
    folder = shipped("pipelines") / settings.forge
    left = set(_MANY.values()) if settings.sites else {*_MANY, "sites.yml"}
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        within = file.relative_to(folder).as_posix()
        if within in left:
            continue
        text = file.read_text(encoding="utf-8").replace("make setup", "bin/setup")
        text = text.replace("STACK: prod\n", f"STACK: {settings.stack}\n")
        if settings.sites and within == "continue.yaml":
            for before, after in _CONTINUED:
                text = text.replace(before, after)
        script = text.startswith("#!")
        yield _place(settings.forge, within, script=script), Piece(content=text.encode(), executable=script)


def _place(forge: Forge, within: str, *, script: bool) -> str:
    if forge == "gitlab":
        return ".gitlab-ci.yml" if within == "gitlab-ci.yml" else f".gitlab/{within}"
    if script:
        return f".github/placement/{within}"
    if within == "dependabot.yml":
        return ".github/dependabot.yml"
    return f".github/{within}" if "/" in within else f".github/workflows/{within}"
