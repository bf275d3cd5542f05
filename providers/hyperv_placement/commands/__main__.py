"""`python -m hyperv_placement.commands`: what `bin/placement` runs."""

from __future__ import annotations

import sys

from hyperv_placement.system import keep_private

from .cli import main

keep_private()
sys.exit(main())
