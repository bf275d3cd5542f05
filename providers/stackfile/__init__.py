"""Stack files: YAML and its schema to desired state, every error with its line and a way out."""

from .loading import load

__all__ = ["load"]
