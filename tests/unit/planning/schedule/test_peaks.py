"""What a schedule leaves free: never less than is kept, and in the end what the estate then has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperv_placement.model.units import GIB
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.schedule.peaks import rooms
from tests.scenarios.estate import estate_of
from tests.scenarios.test_scenarios import FILES, declared


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_story_leaves_less_than_is_kept(path: Path, tmp_path: Path) -> None:
    """But for what was overdrawn before anything moved; the least is neither above the start nor the end."""
    story: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    stack, inventory = declared(story, tmp_path), estate_of(story)
    found = plan(stack, inventory)
    if any(each.refuses for each in found.findings):
        return
    shown = rooms(stack, inventory, found)
    assert bool(shown) == bool(found.schedule.moves)
    for room in shown:
        assert room.least >= min(room.kept, room.before), room
        assert room.least <= min(room.before, room.after)


def test_a_move_holds_both_ends_until_it_has_ended(tmp_path: Path) -> None:
    """On one host from volume to volume: the new one at once, the old one not before the end; memory stays."""
    story: dict[str, Any] = {
        "hosts": {"hv1": {}},
        "vms": {"A": {"at": "hv1", "disk": 100}},
        "stack": {"vms": {"A": {"host": "hv1", "storage": "bulk"}}},
    }
    stack, inventory = declared(story, tmp_path), estate_of(story)
    found = plan(stack, inventory)
    memory, old, new = rooms(stack, inventory, found)
    end = found.schedule.seconds
    assert memory.timeline == ((0.0, 60 * GIB),)
    assert old.timeline == ((0.0, 900 * GIB), (end, 1000 * GIB))
    assert new.timeline == ((0.0, 1000 * GIB), (0.0, 900 * GIB))
    assert (new.before, new.least, new.least_at, new.after) == (1000 * GIB, 900 * GIB, 0.0, 900 * GIB)
