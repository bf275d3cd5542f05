"""A report of tables: one value, shown on a terminal, as Markdown, and as a page."""

from .html import render_html
from .markdown import render_markdown
from .text import render_text
from .values import Part, Sheet

__all__ = ["Part", "Sheet", "render_html", "render_markdown", "render_text"]
