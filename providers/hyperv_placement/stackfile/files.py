"""Files of this computer that a stack file names."""

from __future__ import annotations

from pathlib import Path

from .findings import Findings
from .nodes import Scalar


def local_file(node: Scalar, folder: Path, findings: Findings) -> Path:
    """Return the file `node` names on this computer; whether it is there is seen when it is used."""
    try:
        return folder / Path(node.text).expanduser()
    # What expanduser raises where it knows no home (Python, pathlib).
    except RuntimeError:
        findings.add(
            "home-unknown",
            node.line,
            f"'{node.text}': whose home folder ~ means is unknown; write the full path",
        )
        return folder
