"""Stack files: YAML and its schema to desired state, every error with its line and a way out."""

from .loading import load, load_text

__all__ = ["load", "load_text"]
