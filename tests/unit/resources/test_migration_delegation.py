"""What a run plans for an account, out of what the program wants and what was last seen."""

from __future__ import annotations

from typing import Any

from hyperv_placement.model.directory import FLAG
from hyperv_placement.resources.diff_answer import ADD, DELETE, UPDATE
from hyperv_placement.resources.migration_delegation import MigrationDelegation, wanted_of

TO_HV2 = {"cifs/hv2": "hv2", "cifs/hv2.corp.example": "hv2"}
TO_HV3 = {"cifs/hv3": "hv3"}
SEEN: dict[str, Any] = {
    "account": "hv1.corp.example", "mode": "protocol-transition", "onDelete": "keep", "silent": [],
    "entries": {**TO_HV2, **TO_HV3, FLAG: "any"}, "absent": {}, "added": list(TO_HV3), "reachable": True,
}  # fmt: skip
WANTED: dict[str, Any] = {
    "account": "hv1.corp.example", "mode": "protocol-transition", "onDelete": "keep", "silent": [],
    "entries": {**TO_HV2, **TO_HV3, FLAG: "any"},
}  # fmt: skip


def diff(olds: dict[str, Any], news: dict[str, Any]) -> dict[str, int]:
    """Return what changes, by property path."""
    return dict(MigrationDelegation().diff("hv1", olds, news).detailed)


def test_what_is_there_is_no_change() -> None:
    """Nor does it matter which hosts are silent."""
    assert diff(SEEN, WANTED) == {}
    assert diff(SEEN, {**WANTED, "silent": ["hv9"]}) == {}


def test_each_missing_entry_is_a_change_of_its_own() -> None:
    """So that a diff shows it, and nothing that others have set."""
    olds = {**SEEN, "entries": TO_HV3, "absent": TO_HV2}
    assert diff(olds, WANTED) == {
        'entries["cifs/hv2"]': ADD, 'entries["cifs/hv2.corp.example"]': ADD, f'entries["{FLAG}"]': ADD,
    }  # fmt: skip


def test_of_a_silent_directory_nothing_is_planned() -> None:
    """Unknown is never gone, whatever the program wants."""
    assert diff({**SEEN, "reachable": False, "entries": {}}, WANTED) == {}


def test_an_account_that_is_missing_ends_the_run_with_its_error() -> None:
    """It counts as a change, so that the update tells."""
    assert diff({**SEEN, "problem": "No account"}, WANTED) == {"problem": DELETE}


def test_of_a_silent_host_what_was_wanted_stays_wanted() -> None:
    """Its names are not known now: entries about it are neither dropped nor taken away, and drift of them is seen."""
    news = {**WANTED, "silent": ["hv3"], "entries": TO_HV2, "onDelete": "remove"}
    olds = {**SEEN, "entries": TO_HV2, "absent": TO_HV3, "onDelete": "remove"}
    assert wanted_of(news, olds) == {**TO_HV2, **TO_HV3}
    assert diff(olds, news) == {'entries["cifs/hv3"]': ADD}


def test_an_account_whose_host_is_silent_keeps_what_it_had() -> None:
    """The name last known counts, and so do all its entries."""
    news = {"mode": "protocol-transition", "onDelete": "remove", "silent": ["hv1"], "entries": {}}
    assert wanted_of(news, SEEN) == SEEN["entries"]
    assert diff({**SEEN, "onDelete": "remove"}, news) == {}


def test_what_was_added_goes_only_where_that_is_declared() -> None:
    """A host that left the list: its entries stay, or, of those that this stack added, go."""
    news = {**WANTED, "entries": {FLAG: "any"}}
    assert diff(SEEN, news) == {}
    assert diff({**SEEN, "onDelete": "remove"}, {**news, "onDelete": "remove"}) == {
        'entries["cifs/hv3"]': DELETE
    }


def test_what_the_state_has_to_remember_is_a_change() -> None:
    """What happens at the end is read from the state, so it has to get there."""
    assert diff(SEEN, {**WANTED, "onDelete": "remove"}) == {"onDelete": UPDATE}


def test_a_host_that_is_seen_for_the_first_time() -> None:
    """It was silent when it was declared: now its account is known, and all is missing."""
    olds = {
        "mode": "protocol-transition",
        "onDelete": "keep",
        "entries": {},
        "absent": {},
        "added": [],
        "reachable": True,
    }
    changes = diff(olds, {**WANTED, "entries": TO_HV3})
    assert changes == {"account": UPDATE, 'entries["cifs/hv3"]': ADD}


def test_of_a_refused_host_nothing_is_added_or_taken_away() -> None:
    """Neither at its own account, where the run ends with its error, nor for it at others': not even what is missing there."""
    refused = {"silent": ["hv3"], "refused": {"hv3": "why"}}
    news = {**WANTED, **refused, "entries": TO_HV2, "onDelete": "remove"}
    olds = {**SEEN, "entries": TO_HV2, "absent": TO_HV3, "onDelete": "remove"}
    assert diff(olds, news) == {}
    assert diff({**olds, "entries": {**TO_HV2, **TO_HV3}, "absent": {}}, news) == {}
    own = {"account": None, "silent": ["hv1"], "refused": {"hv1": "why"}, "entries": {}}
    assert diff(SEEN, {**WANTED, **own}) == {"refused": UPDATE}
