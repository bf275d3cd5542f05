"""What a plan says of itself, held against a count of everything: that no choice moves less, that N + 1 holds or does not."""

from __future__ import annotations

from collections.abc import Iterator

from .choices import bytes_of, cheapest
from .estate import Estate
from .places import here
from .replay import Plan, Run, has_spare

STEPS = 20_000
SPARE = "rule-n-plus-1"


def false_claims(estate: Estate, plan: Plan, run: Run) -> Iterator[str]:
    """Yield what a plan says that is not so; `run`: the plan carried out."""
    yield from _fewest_bytes(estate, plan, run)
    yield from _spare(estate, plan, run)


def _fewest_bytes(estate: Estate, plan: Plan, run: Run) -> Iterator[str]:
    choice = plan["choice"]
    ruled = any(rule.kind == "n_plus_1" for rule in estate.rules)  # that goes before bytes
    if choice is None or not choice["proved"] or ruled or estate.under_way:
        return
    moved = sum(
        bytes_of(estate, label, here(estate.machines[label]), run.at[label])
        for label in estate.entries
        if label in run.at
    )
    better = cheapest(estate, below=moved, steps=STEPS)
    if better.hosts is not None:
        yield f"it is said to move the fewest bytes ({moved}), and {better.bytes} do: {better.hosts}"


def _spare(estate: Estate, plan: Plan, run: Run) -> Iterator[str]:
    said = [each["text"] for each in plan["findings"] if each["id"].startswith(SPARE)]
    for number, rule in enumerate(estate.rules):
        if rule.kind != "n_plus_1":
            continue
        holds, name = has_spare(run, number), f"N + 1 over {', '.join(rule.hosts)}"
        own = [text for text in said if set(rule.hosts) & set(text.replace(",", " ").split())]
        if holds is False and not said:
            yield f"{name} does not hold in the end, and nothing says so"
        if holds and any("does not hold" in text for text in own):
            yield f"{name} holds in the end, and the plan says that it does not"
        if holds is False and cheapest(estate, spare=True, steps=STEPS).hosts is not None:
            yield f"{name} does not hold in the end, and there is a choice of hosts with which it does"
