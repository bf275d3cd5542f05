"""`make docs` and `make docs-write`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tools.docs import site
from tools.workspace import PROJECT


def main(words: Sequence[str]) -> int:
    """`write` the pages that programs write, or build the site into the folder that is named."""
    if words == ["write"]:
        site.write(PROJECT)
        return 0
    if stale := site.stale(PROJECT):
        names = ", ".join(str(path.relative_to(PROJECT)) for path in stale)
        sys.stderr.write(f"Not as it would be written now: {names}. Run: make docs-write\n")
        return 1
    folder = Path(words[0] if words else PROJECT / "docs" / "_site")
    if code := site.build(PROJECT, folder):
        return code
    print(f"The site: {folder}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
