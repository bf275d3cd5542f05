"""Estates: what to build, read from a file or generated, and the building of it."""
