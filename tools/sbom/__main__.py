"""`python -m tools.sbom` judges sbom.cdx.json by the locks and by CycloneDX's schema; with `write` it writes it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.sbom.document import FILE, document, flaws, kept, known, written
from tools.sbom.licences import licence
from tools.sbom.locks import Pin, pins

PROJECT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Do what was asked; return 0, or 1 with a line for each flaw."""
    locked, modules = pins(PROJECT), module_cache()

    def read(pin: Pin) -> str:
        return licence(pin, modules)

    file = PROJECT / FILE
    if sys.argv[1:] == ["write"]:
        file.write_text(written(document(locked, known(locked, kept(PROJECT), read))), encoding="utf-8")
    text = file.read_text(encoding="utf-8")
    lines = flaws(locked, json.loads(text), read)
    if (error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)) is not None:
        lines.append(f"{FILE} does not fit CycloneDX 1.6: {str(error.data)[:300]}")
    print(*lines, sep="\n", file=sys.stderr, end="\n" if lines else "")
    return 1 if lines else 0


def module_cache() -> Path:
    """Return Go's module cache, which need not exist."""
    go = shutil.which("go")
    if go is None:
        return Path(os.environ.get("GOMODCACHE", Path.home() / "go" / "pkg" / "mod"))
    answer = subprocess.run([go, "env", "GOMODCACHE"], check=False, capture_output=True, text=True)
    return Path(answer.stdout.strip() or Path.home() / "go" / "pkg" / "mod")


if __name__ == "__main__":
    sys.exit(main())
