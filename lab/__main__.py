"""`python -m lab`: the commands of `bin/lab`."""

from __future__ import annotations

import sys

from lab.commands.cli import main

sys.exit(main())
