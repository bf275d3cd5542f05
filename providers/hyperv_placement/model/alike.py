"""Messages that differ in nothing but in whose they are, so that a cause that hits many is reported once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_EACH = "each"
_ADDRESS = r"(?<={} is unreachable )at \S+:\d+(?=: )"
"""Where a host was looked for: `hv1 is unreachable at 10.0.0.1:5986: connection refused`."""


def of_each(name: str, text: str) -> str:
    """Return what is said of `name` as it is said of several: `The certificate of hv1 expired` of `each`, at its own address."""
    shared = re.sub(_ADDRESS.format(re.escape(name)), "at its address", text)
    return re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", _EACH, shared)


def alike(said: Iterable[tuple[str, str]]) -> Sequence[tuple[Sequence[str], str]]:
    """Return who has the same said of them, with it, in the order of names; texts that differ in the own name are the same."""
    same: dict[str, list[str]] = {}
    for name, text in said:
        same.setdefault(text, []).append(name)
    # What names another one is shared as it stands: `hv1 refused the credential` spares hv2 and hv3.
    joined: dict[str, list[tuple[Sequence[str], str]]] = {}
    for text, names in same.items():
        shared = of_each(names[0], text) if len(names) == 1 else text
        joined.setdefault(shared, []).append((names, text))
    return [
        ([name for names, _ in parts for name in names], shared if len(parts) > 1 else parts[0][1])
        for shared, parts in joined.items()
    ]
