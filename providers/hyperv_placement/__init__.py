"""VM placement as code for Hyper-V: the Pulumi providers and what they stand on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hyperv_placement.program import Placement

__all__ = ["Placement", "__version__"]
__version__ = "0.10.0.dev0"
"""The one place of the version; what it holds stands under "Unreleased" in CHANGELOG.md."""

# Silent until operations/logging_setup.py is asked for lines: without any handler, Python itself prints warnings.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    """Load Pulumi for who asks for the component, and for nobody else: commands start without it."""
    if name != "Placement":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hyperv_placement.program import Placement  # noqa: PLC0415 - see above

    return Placement
