"""A review as one page that needs nothing else: a map of the estate, a slider through the run, tables."""

from .assembling import page

__all__ = ["page"]
