"""The Pulumi program that a project's `__main__.py` calls: it reads, plans and declares, and the engine and our plugin do the rest."""

from .run import main

__all__ = ["main"]
