"""Set the project up: `.venv` from the lock file, and a Pulumi engine. Needs nothing but Python.

With `--develop` also what tests and checks need, with `--directory` what the lab's directory needs, with `--browser` a browser for the tests of the page, with `--database`
a PostgreSQL for the tests of kept state.
"""

from __future__ import annotations

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)

if sys.version_info < OLDEST:
    sys.exit(
        "Python %d.%d or newer is needed; this is %s. "  # noqa: UP031 - parsed by older Pythons, too
        "With another one installed: make setup PYTHON=python3.11" % (*OLDEST, sys.version.split()[0])
    )

sys.path.insert(0, str(PROJECT))

from tools.install.steps import main  # noqa: E402 - the path has to be set first

if __name__ == "__main__":
    options = {
        name: f"--{name.removeprefix('with_')}" in sys.argv
        for name in ("with_develop", "with_directory", "with_browser", "with_database")
    }
    sys.exit(main(PROJECT, **options))
