"""What is fuzzed together: readers of one form, what is changed for them, and how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from . import corpus, documents, targets
from .mutation import BERS, JSONS, LINES, MESSAGES, YAMLS, Mutation

Target = Callable[[bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Readers of bytes of one form."""

    name: str
    targets: tuple[Target, ...]
    files: Callable[[], tuple[bytes, ...]]
    """What is changed: read once."""
    mutations: Sequence[Mutation]
    generated: Callable[[Random], bytes] | None = None
    """What is made anew for each input, and changed then; none where the files are all."""


GROUPS: tuple[Group, ...] = (
    Group(
        name="messages",
        targets=(targets.answers, targets.requests, targets.embedded),
        files=corpus.files,
        generated=corpus.generated,
        mutations=MESSAGES,
    ),
    Group(name="sealed", targets=(targets.sealed_answers,), files=documents.sealed_messages, mutations=LINES),
    Group(name="directory", targets=(targets.directory,), files=documents.directory, mutations=BERS),
    Group(name="descriptors", targets=(targets.descriptors,), files=documents.descriptors, mutations=BERS),
    Group(name="inventories", targets=(targets.inventories,), files=documents.inventories, mutations=JSONS),
    Group(
        name="handovers",
        targets=(targets.handoffs, targets.identities, targets.locks),
        files=documents.handoffs,
        mutations=JSONS,
    ),
    Group(name="audit", targets=(targets.audit_logs,), files=documents.audit_logs, mutations=JSONS),
    Group(name="previews", targets=(targets.previews,), files=documents.previews, mutations=JSONS),
    Group(name="queries", targets=(targets.queries,), files=documents.queries, mutations=LINES),
    Group(name="stacks", targets=(targets.stacks,), files=documents.stacks, mutations=YAMLS),
)
"""One for each form in which others' bytes are read; inputs are theirs in turn."""
