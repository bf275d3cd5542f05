"""The two forms of a whole run: the first `up` of a stack, and an `up` on a stack that was adopted before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import yaml

FIRST, ADOPTED = "first-up", "adopted"
HISTORY = "history"
"""The fixture's name, and the parameter's in a test's id."""


def of(item: pytest.Item) -> str | None:
    """Return in which form a test runs; None where it has none."""
    callspec = getattr(item, "callspec", None)
    return None if callspec is None else callspec.params.get(HISTORY)


def superfluous(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Mark what runs in `make test-all` alone: adopted forms, but those of tests that are marked `both`.

    Return the adopted forms of tests that have one form. Raises pytest.UsageError for a whole run that has neither both
    forms nor a reason why not.
    """
    found = []
    for item in items:
        lone = item.get_closest_marker("one_form")
        if of(item) == ADOPTED and lone is not None:
            found.append(item)
        elif of(item) == ADOPTED and item.get_closest_marker("both") is None:
            item.add_marker("all")
        elif of(item) is None and lone is None and "workspace" in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(
                f"{item.nodeid} runs the engine and has one form: use the fixture `{HISTORY}`, or mark it one_form with the reason"
            )
    return found


def as_it_is(stack: dict[str, Any], hosts: dict[str, str]) -> dict[str, Any]:
    """Return a stack file's content that declares each machine where it is, and nothing else of it."""
    kept: dict[str, Any] = {
        name: stack[name] for name in ("connection", "directory", "hosts") if name in stack
    }
    vms = {}
    for label, entry in stack["vms"].items():
        named = {key: entry[key] for key in ("id", "name") if key in entry}
        if (host := hosts.get(entry.get("name", label))) is not None:
            vms[label] = {**named, "host": host}
    return {**kept, "vms": vms}


def adopting(form: str) -> Callable[..., None]:
    """Return what brings a site into a form: `adopt(site, stack="lab")`, called when its stack file is as the test wants it."""

    def adopt(site: Any, stack: str = "lab") -> None:
        if form == FIRST:
            return
        path = site.file(f"stacks/{stack}.yaml")
        text = path.read_text(encoding="utf-8")
        before = site.status()
        path.write_text(
            yaml.safe_dump(as_it_is(yaml.safe_load(text), site.hosts()), sort_keys=False), encoding="utf-8"
        )
        done = site.up("--suppress-outputs")  # machines of one name are not adopted, and fail it
        path.write_text(text, encoding="utf-8")
        assert "hv:Vm" in site.pulumi("stack", "export").stdout, done.stdout
        assert site.status()["jobs"] == before["jobs"]

    return adopt
