"""Pure: desired and actual state in, a plan out. No I/O, no clock."""

from .compare import plan
from .difference import Change, differences, has_made_room, observed

__all__ = ["Change", "differences", "has_made_room", "observed", "plan"]
