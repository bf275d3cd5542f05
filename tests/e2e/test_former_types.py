"""A state from before, in which types of resources have their long names."""

from __future__ import annotations

import json

import pytest

from hyperv_placement.model.resource_types import FORMER

from .conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.all, pytest.mark.one_form("it says itself what was before")]


def test_a_state_of_before_goes_on_and_gets_the_present_names(site: Site) -> None:
    """Nothing is adopted, moved or forgotten for it, in a preview as in a run; afterwards the long names are gone."""
    assert site.up().returncode == 0
    state = site.pulumi("stack", "export").stdout
    for present, former in FORMER.items():
        state = state.replace(present, former)
    site.file("before.json").write_text(json.dumps(json.loads(state[state.index("{") :])), encoding="utf-8")
    assert site.pulumi("stack", "import", "--file", "before.json").returncode == 0
    before = site.hosts()
    preview = site.pulumi("preview", "--expect-no-changes")
    assert preview.returncode == 0, preview.stdout
    run = site.up()
    assert run.returncode == 0, run.stdout
    assert "unchanged" in run.stdout
    assert site.hosts() == before
    assert "dynamic/hyperv" not in site.pulumi("stack", "export").stdout
