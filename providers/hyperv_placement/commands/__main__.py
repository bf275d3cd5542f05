"""`python -m hyperv_placement.commands`: what `bin/placement` runs."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
