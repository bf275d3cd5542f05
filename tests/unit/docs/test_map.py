"""The map of the rooms in `docs/how-it-works.md`, held to the folders of the code and to its import rules."""

from __future__ import annotations

import re
import tomllib

from tools.workspace import PROJECT

PAGE = (PROJECT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
ROOM = re.compile(r"^\| `([\w/]+)` \| ([^|]+) \|", re.MULTILINE)
PRODUCT = PROJECT / "providers" / "hyperv_placement"

STEP = re.compile(r"`(\w+)` \(`([\w/]+\.py)`\)")
STEPS = 10


def folders() -> list[str]:
    """Return the packages of product and lab, as the map writes them."""
    found = [path.parent.relative_to(PRODUCT).as_posix() for path in PRODUCT.rglob("*/__init__.py")]
    found += [path.parent.relative_to(PROJECT).as_posix() for path in PROJECT.glob("lab/**/__init__.py")]
    return sorted(set(found) - {".", "lab"})


def strata() -> list[set[str]]:
    """Return the layers of the product's import contract, the edges first."""
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = (
        each
        for each in settings["tool"]["importlinter"]["contracts"]
        if each.get("containers") == ["hyperv_placement"]
    )
    return [{name.strip() for name in layer.split("|")} for layer in contract["layers"]]


def test_every_room_is_on_the_map_and_the_other_way_round() -> None:
    """A folder that is added gets its line, and one that goes takes its line with it."""
    assert sorted(name for name, _ in ROOM.findall(PAGE)) == folders()


def test_the_map_says_what_a_room_may_import_as_the_contract_does() -> None:
    """Its rooms stand in the order of the strata, and each names the neighbours in its own, which it may not import."""
    order = {name: number for number, layer in enumerate(strata()) for name in layer}
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE))
    assert [order[name] for name in rows] == sorted(order[name] for name in rows)
    for name, text in rows.items():
        neighbours = next(layer for layer in strata() if name in layer) - {name}
        assert set(re.findall(r"`(\w+)`", text)) == neighbours, name


def test_modules_outside_rooms_are_named() -> None:
    """What everybody stands on is few, and the page names each."""
    modules = {path.name for path in PRODUCT.glob("*.py")} - {"__init__.py"}
    assert modules == set(re.findall(r"`(\w+\.py)`", PAGE.split("Beneath them")[1].split("\n\n")[0]))


def test_both_walks_lead_through_code_that_is_there() -> None:
    """Ten steps each; what a step names is defined in the file that it names."""
    walks = [part for part in PAGE.split("\n## ") if part.startswith(("A row of", "A machine of"))]
    assert [len(re.findall(r"^\d+\. ", walk, re.MULTILINE)) for walk in walks] == [STEPS, STEPS]
    steps = STEP.findall("".join(walks))
    assert len(steps) > 2 * STEPS
    for name, file in steps:
        text = (PRODUCT / file).read_text(encoding="utf-8")
        assert re.search(rf"^ *(?:def|class) {name}\b", text, re.MULTILINE), f"{name} in {file}"
