"""Holds a tree of nodes against its schema: reports every difference and cuts out what does not fit."""

from __future__ import annotations

from .findings import Findings
from .nodes import Node
from .parsing import Document
from .schema import Schema


def check(document: Document, schema: Schema, findings: Findings) -> Node:
    """Return the document with each value that does not fit reported and replaced by a broken one."""
    if schema.sieve.fits(document.root):
        return document.root
    # Here alone, since a file without mistakes does without: importing jsonschema takes a quarter of a second, and
    # several where optional packages for formats are installed, which it imports as well.
    from .judging import judge  # noqa: PLC0415

    return judge(document, schema, findings)
