"""Answers as they came, each with what was asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import EndpointReference, Enumerate, Get, Invoke, Pull, Request, class_of

_FROM = re.compile(r"\b(?:from|resultclass\s*=)\s*(\w+)", re.IGNORECASE)
_CONTEXT = re.compile(r"EnumerationContext[^>]*>\s*([^<\s]+)")
MOST_BYTES = 16 << 20
"""Of all answers: a host with 50 machines takes some 5 MiB."""
FULL = f"the result is full: {MOST_BYTES} bytes"
"""Of words that the disguise knows, as all that a recording says of what was not answered."""
_CONTEXTS = 1000
"""Pages whose next one may still be pulled; a host keeps far fewer open."""
_LANGUAGE = re.compile(r"xml:lang=\"([^\"]+)\"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer; nothing is replaced in it yet."""

    operation: str
    """Get, Enumerate, Pull, or the name of a method."""
    class_name: str
    query: str
    """WQL, empty where there is none."""
    options: str
    """How an enumeration was asked for."""
    selectors: Mapping[str, str]
    envelope: str
    request: str = ""
    """The envelope that was sent; empty where it was not kept."""

    @property
    def fault(self) -> bool:
        """Whether the host refused."""
        return re.search(r"<(?:\w+:)?Fault[ >]", self.envelope) is not None

    @property
    def language(self) -> str:
        """The language that the host answers in."""
        found = _LANGUAGE.search(self.envelope)
        return found.group(1) if found else ""


class Questions:
    """What each request asks; the Pulls of an enumeration name no class, so that the contexts of its pages are remembered."""

    def __init__(self) -> None:
        self._contexts: dict[str, str] = {}

    def answered(self, request: Request, envelope: str) -> Answer:
        """Return an answer with what it answers."""
        operation, class_name, query, options = type(request).__name__, "", "", ""
        selectors: dict[str, str] = {}
        match request:
            case Enumerate(resource_uri=uri, query=asked):
                query = asked or ""
                how = (
                    "optimized" if request.optimize else "",
                    _elements(request.max_elements),
                    str(request.mode),
                )
                options = " ".join(filter(None, how))
                found = _FROM.findall(query)
                class_name = found[-1] if found else class_of(uri)
            case Pull(context=context):
                class_name = self._contexts.get(context, class_of(request.resource_uri))
                options = _elements(request.max_elements)
            case Get(target=target):
                class_name, selectors = class_of(target.resource_uri), _keys(target)
            case Invoke(target=target, method=method):
                operation, class_name, selectors = method, class_of(target.resource_uri), _keys(target)
            case _:
                pass
        # A Pull names its context alone (DSP0226): which class it reads, only the question before it said.
        for context in _CONTEXT.findall(envelope):
            self._contexts[context] = class_name
        while len(self._contexts) > _CONTEXTS:
            del self._contexts[next(iter(self._contexts))]
        return Answer(
            operation=operation, class_name=class_name, query=query, options=options, selectors=selectors,
            envelope=envelope,
        )  # fmt: skip


class Answers:
    """All answers of a host, in the order in which they came, up to `MOST_BYTES`."""

    def __init__(self) -> None:
        self.all: list[Answer] = []
        self.unreadable = 0
        self._left = MOST_BYTES
        self._questions = Questions()

    @property
    def full(self) -> bool:
        """Whether there is no room for another answer."""
        return self._left < 0

    def heard(self, request: Request, content: bytes) -> None:
        """Keep an answer; one that is not UTF-8 is only counted. Raises ProtocolError where there is no room for it."""
        self._left -= len(content)
        if self.full:
            raise ProtocolError(FULL)
        try:
            envelope = content.decode("utf-8")
        except UnicodeDecodeError:
            self.unreadable += 1
            return
        self.all.append(self._questions.answered(request, envelope))


def _elements(most: int | None) -> str:
    return "" if most is None else f"MaxElements={most}"


def _keys(target: EndpointReference) -> dict[str, str]:
    return {name: str(value) for name, value in target.selectors.items()}
