"""The wheel of the product that an operator's repository keeps: the one from which this installation was made, or one that is named."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from hyperv_placement import __version__
from hyperv_placement.errors import PlacementError
from hyperv_placement.system.files import read_bounded

NAME = "hyperv-placement"
_FILE = re.compile(r"hyperv_placement-(?P<version>[^-]+)-py3-none-any\.whl")
_LARGEST = 64 << 20
"""Bytes; ours has 1.2 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A wheel of this very version."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Return its digest in hexadecimal digits, as a lock has it."""
        return hashlib.sha256(self.content).hexdigest()


def wheel_of(named: Path | None) -> Wheel:
    """Return the wheel that is named, or else the one that pip says it has installed. Raises PlacementError."""
    file = named or _installed_from()
    if file is None:
        raise PlacementError(
            f"Where the wheel of {NAME} {__version__} lies is not known: pip installed it from an index or a checkout",
            remedy="Name it: --wheel FILE (in a checkout `make wheel` builds it)",
        )
    match = _FILE.fullmatch(file.name)
    if match is None or match["version"] != __version__:
        raise PlacementError(
            f"{file} is no wheel of {NAME} {__version__}, which writes this repository",
            remedy="Install the wheel that the repository is to have, and run its own `placement init`",
        )
    try:
        return Wheel(name=file.name, content=read_bounded(file, _LARGEST))
    except OSError as error:
        raise PlacementError(
            f"The wheel {file} cannot be read: {error.strerror}", remedy="Name another copy: --wheel FILE"
        ) from error


def _installed_from() -> Path | None:
    """Return the file from which this environment has the product (PEP 610); None where it has it from elsewhere."""
    try:
        text = distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    url = urlsplit(json.loads(text).get("url", "") if text else "")
    file = Path(url2pathname(url.path))
    return file if url.scheme == "file" and file.suffix == ".whl" else None
