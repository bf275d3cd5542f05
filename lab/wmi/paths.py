r"""Object paths of WMI: `\\server\namespace:Class.Key="value",Key=2`, `Class="value"` and `Class=@` (win32, "Describing an Instance Object Path")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hyperv_placement.wsman import EndpointReference, namespace_of

from .tokens import QueryError

INVALID_OBJECT_PATH = "Invalid object path "
"""WBEM_E_INVALID_OBJECT_PATH (wbemcli.h)."""
_HEAD = re.compile(
    r"""(?:(?:\\\\|//)(?P<server>[^\\/]+)[\\/](?P<full>[^:]+):|(?P<space>[A-Za-z_][\w\\/]*):)?
        (?P<name>[A-Za-z_]\w*)""",
    re.VERBOSE | re.ASCII,
)
_VALUE = re.compile(
    r"""(?:(?P<key>[A-Za-z_]\w*)=)?
        (?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>-?\d+|TRUE|FALSE))""",
    re.VERBOSE | re.ASCII | re.DOTALL | re.IGNORECASE,
)
_DEEPEST = 2
"""How many references a key may stand in: an association's keys are references to instances, of which some are associations."""
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPath:
    """Points at a class, or at one instance of it."""

    server: str = ""
    namespace: str = ""
    class_name: str
    keys: Mapping[str, str]
    """Values by the keys' names; the only value of `Class="value"` has none."""
    singleton: bool = False

    @property
    def of_class(self) -> bool:
        """Say whether the path ends with the class and names no instance."""
        return not self.keys and not self.singleton

    @property
    def folded(self) -> tuple[str, Mapping[str, str]]:
        """Class and keys in lower case: what two paths of one instance have in common."""
        return self.class_name.casefold(), {name: value.casefold() for name, value in self.keys.items()}


def parse_path(text: str) -> ObjectPath:
    """Return the path. Raises QueryError for malformed ones."""
    head = _HEAD.match(text)
    if head is None:
        raise QueryError(INVALID_OBJECT_PATH)
    rest = text[head.end() :]
    return ObjectPath(
        server=head["server"] or "",
        namespace=(head["full"] or head["space"] or "").replace("\\", "/").strip("/"),
        class_name=head["name"],
        keys={} if rest in {"", "=@"} else _keys(rest),
        singleton=rest == "=@",
    )


def _keys(rest: str) -> dict[str, str]:
    """Read `.Key="value",Key=2`, or `="value"` of a class with one key."""
    if rest.startswith("="):
        pairs = list(_values(rest[1:]))
        if len(pairs) != 1 or pairs[0][0]:
            raise QueryError(INVALID_OBJECT_PATH)
        return dict(pairs)
    pairs = list(_values(rest[1:]))
    found = dict(pairs)
    if not rest.startswith(".") or len(found) != len(pairs) or "" in found:
        raise QueryError(INVALID_OBJECT_PATH)
    return found


def _values(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while True:
        match = _VALUE.match(text, position)
        if match is None:
            raise QueryError(INVALID_OBJECT_PATH)
        quoted = match["double"] if match["double"] is not None else match["single"]
        value = (match["bare"] or "") if quoted is None else _ESCAPE.sub(r"\1", quoted)
        yield (match["key"] or "").casefold(), value
        position = match.end()
        if position == len(text):
            return
        if text[position] != ",":
            raise QueryError(INVALID_OBJECT_PATH)
        position += 1


def relative_path(class_name: str, keys: Mapping[str, str]) -> str:
    """Return `Class.Key="value"`, the keys sorted as in __RELPATH; a class without keys is a singleton."""
    if not keys:
        return f"{class_name}=@"
    return f"{class_name}." + ",".join(f'{name}="{escaped(keys[name])}"' for name in sorted(keys))


def reference_path(reference: EndpointReference, server: str = "", *, within: int = 0) -> str:
    """Return a reference as a path: the value of a key that is one; with a server the full path.

    Raises QueryError for one of too many within each other: each doubles the backslashes of those that it holds.
    """
    if within > _DEEPEST:
        raise QueryError(INVALID_OBJECT_PATH)
    keys = {
        name: text if isinstance(text, str) else reference_path(text, server, within=within + 1)
        for name, text in reference.selectors.items()
        if name.casefold() != "__cimnamespace"
    }
    relative = relative_path(reference.class_name, keys)
    if not server:
        return relative
    namespace = namespace_of(reference.resource_uri).replace("/", "\\")
    return f"\\\\{server}\\{namespace}:{relative}"


def escaped(text: str) -> str:
    """Return `text` as it stands within the quotes of a path: backslashes doubled (r4sd/go-wsman)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
