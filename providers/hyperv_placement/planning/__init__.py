"""Pure: desired and actual state in, a plan out. No I/O, no clock."""

from .machine.difference import Change, differences, has_made_room, observed
from .plan import plan

__all__ = ["Change", "differences", "has_made_room", "observed", "plan"]
