"""Which folder is the project: the one whose Pulumi.yaml Pulumi itself would find."""

from __future__ import annotations

from pathlib import Path

FILE = "Pulumi.yaml"
_SOURCES = Path(__file__).resolve().parents[3]
"""The checkout in which this file lies; of an installed package a folder of its environment, which is no project."""


def project_of(folder: Path | None) -> Path:
    """Return the nearest folder upwards of `folder` that has a Pulumi.yaml.

    Where there is none: the checkout that this code lies in, so that its commands work from everywhere; of an installed package
    `folder` itself. None: a folder that was removed, in which nothing can be looked for.
    """
    above = (folder, *folder.parents) if folder is not None else ()
    found = next((each for each in above if (each / FILE).is_file()), None)
    if found is not None:
        return found
    return _SOURCES if folder is None or (_SOURCES / FILE).is_file() else folder


def _here() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        return None


PROJECT = project_of(_here())
"""The project of this process. Programs and plugins are started in it, commands somewhere below it."""
