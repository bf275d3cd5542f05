"""VM placement as code for Hyper-V: the Pulumi providers and what they stand on."""

import logging

__version__ = "0.1.0.dev0"
"""The one place of the version; what it holds stands under "Unreleased" in CHANGELOG.md."""

# Silent until operations/logging_setup.py is asked for lines: without any handler, Python itself prints warnings.
logging.getLogger(__name__).addHandler(logging.NullHandler())
