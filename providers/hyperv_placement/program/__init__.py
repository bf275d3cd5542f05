"""The Pulumi program that a project's `__main__.py` calls, and its component for larger ones: they read, plan and declare, and the engine and our plugin do the rest."""

from .component import Placement
from .run import main

__all__ = ["Placement", "main"]
