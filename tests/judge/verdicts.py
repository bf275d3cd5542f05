"""What becomes of a plan before the judge: carried out without a fault, refused rightly, or wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .choices import STEPS, cheapest
from .claims import false_claims
from .ends import ends_of, moved_by_others
from .estate import Estate
from .orders import STATES, Answer, search, shown
from .replay import Plan, Run, broken_in_the_end, has_spare, replay

REPLAYS = 4


class Kind(StrEnum):
    """How a plan was judged."""

    DONE = "planned"
    CONFIRMED = "refusal confirmed"
    WRONG_FIT = "wrong: does not fit"
    WRONG_ORDER = "wrong: no order"
    WRONG_RULE = "wrong: a rule could hold"
    WRONG_REFUSAL = "wrong: refused"
    WRONG_SPARE = "wrong: N + 1 could hold on the way"
    FALSE_CLAIM = "says what is not so"
    VIOLATION = "violation"
    UNDECIDED = "not decided"


WRONG = (
    Kind.WRONG_FIT,
    Kind.WRONG_ORDER,
    Kind.WRONG_RULE,
    Kind.WRONG_REFUSAL,
    Kind.WRONG_SPARE,
    Kind.FALSE_CLAIM,
    Kind.VIOLATION,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgement on one plan."""

    kind: Kind
    why: str = ""
    lost_spare: tuple[str, ...] = ()
    """Where N + 1 stopped holding, though it could have held, or it was not decided whether it could."""
    more: tuple[str, ...] = ()
    """Of refused machines those of which each alone could be moved as well."""


def judged(estate: Estate, plan: Plan, *, seed: int = 0, states: int = STATES) -> Verdict:
    """Return the judgement on a plan: first what it does, then what it refuses."""
    runs = [replay(estate, plan, seed + number) for number in range(REPLAYS)]
    wrong = next((run.wrong for run in runs if run.wrong), [])
    if wrong:
        return Verdict(kind=Kind.VIOLATION, why="; ".join(wrong))
    spare = tuple(dict.fromkeys(each for run in runs for each in run.lost))
    if spare:
        way = _with_spare(estate, plan, runs, states)
        if way.steps is not None:
            return Verdict(kind=Kind.WRONG_SPARE, why=f"{spare[0]}; there is one: {shown(way)}", lost_spare=spare)  # fmt: skip
        spare = () if way.proved else spare
    # What no host would take in one order, however much room there is, is refused before any order is looked for.
    others = moved_by_others(estate)
    missing = [label for label in refused(plan) if label in estate.machines and label not in others]
    # Nor is its turn before one has ended that somebody else moves.
    waiting = {label for group in estate.turns if others.intersection(group) for label in group}
    missing = [label for label in missing if label not in waiting and list(ends_of(estate, label))]
    broken = broken_in_the_end(runs[0])
    if not missing and not broken:
        return _done(estate, plan, runs[0], spare)
    # Where no choice of hosts fits in the end, no order has to be looked for.
    ends = cheapest(estate, steps=STEPS if states else 0)
    nowhere = ends.hosts is None and ends.proved
    answer = Answer(steps=None, proved=True) if nowhere else search(estate, states=states)
    if answer.steps is None:
        kind = Kind.CONFIRMED if answer.proved else Kind.UNDECIDED
        return Verdict(kind=kind, why=said(plan), lost_spare=spare, more=_more(estate, missing, states))
    why = f"{said(plan) or broken}; there is one: {shown(answer)}"
    return Verdict(kind=_kind(plan, missing), why=why, lost_spare=spare)


def _with_spare(estate: Estate, plan: Plan, runs: list[Run], states: int) -> Answer:
    """Return an order that ends as the plan does and keeps what it has lost of N + 1."""
    hosts = {label: place.host for label, place in runs[0].at.items()}
    moved = {each["label"] for each in plan["moves"]}
    stay = frozenset(label for label in estate.entries if label in estate.machines and label not in moved)
    lost = frozenset(number for run in runs for number in run.lost_rules)
    if any(has_spare(runs[0], number) is False for number in lost):  # nor does it hold in the end
        return Answer(steps=None, proved=True)
    return search(estate, stay, states=states, hosts=hosts, spare=lost)


def _more(estate: Estate, missing: list[str], states: int) -> tuple[str, ...]:
    """Return who could go as well: where all others that are refused stay, he and all that are planned reach their ends."""
    alone = (frozenset(missing) - {label} for label in missing)
    return tuple(
        label
        for label, others in zip(missing, alone, strict=True)
        if search(estate, others, states=states // 10).steps is not None
    )


def _done(estate: Estate, plan: Plan, run: Run, spare: tuple[str, ...]) -> Verdict:
    """Return the judgement on a plan that does everything: what it says of itself has to be so, too."""
    false = "; ".join(false_claims(estate, plan, run))
    return Verdict(kind=Kind.FALSE_CLAIM if false else Kind.DONE, why=false, lost_spare=spare)


def judged_choice(estate: Estate, plan: Plan, *, seed: int = 0, steps: int = STEPS) -> Verdict:
    """Return the judgement on a plan of an estate too large for every order: what it does, and whether there is a choice of hosts where it finds none."""
    runs = [replay(estate, plan, seed + number) for number in range(REPLAYS)]
    wrong = next((run.wrong for run in runs if run.wrong), [])
    if wrong:
        return Verdict(kind=Kind.VIOLATION, why="; ".join(wrong))
    spare = tuple(dict.fromkeys(each for run in runs for each in run.lost))
    if spare and _with_spare(estate, plan, runs, 0).proved:
        spare = ()
    missing, broken = refused(plan), broken_in_the_end(runs[0])
    if not missing and not broken:
        return _done(estate, plan, runs[0], spare)
    choice = cheapest(estate, steps=steps)
    if choice.hosts is None:
        return Verdict(kind=Kind.CONFIRMED if choice.proved else Kind.UNDECIDED, lost_spare=spare)
    kind = _kind(plan, missing)
    if kind == Kind.WRONG_ORDER and (way := search(estate, states=STATES)).steps is None:
        # There is a choice, and no way to it that was found: it is the order that is judged.
        return Verdict(
            kind=Kind.CONFIRMED if way.proved else Kind.UNDECIDED, why=said(plan), lost_spare=spare
        )
    moved = {label: host for label, host in choice.hosts.items() if host != estate.machines[label].host}
    why = f"{said(plan) or broken}; there is a choice: {moved}"
    return Verdict(kind=kind, why=why, lost_spare=spare)


def refused(plan: Plan) -> list[str]:
    """Return the labels that a plan leaves where they are not declared; all that would move where it runs as a whole or not at all."""
    machines = plan["machines"]
    left = [
        each["label"]
        for standing, own in machines.items()
        if standing not in {"in place", "move", "held"}
        for each in own
    ]
    return left if plan["feasible"] else [*left, *(each["label"] for each in machines.get("move", ()))]  # fmt: skip


def said(plan: Plan) -> str:
    """Return the refusals of a plan in its own words."""
    own = [each["findings"] for machines in plan["machines"].values() for each in machines]
    findings = [each for many in (plan["findings"], *own) for each in many if each["severity"] == "refusal"]
    return " | ".join(dict.fromkeys(f"[{each['id']}] {each['text']}" for each in findings))


def _kind(plan: Plan, missing: list[str]) -> Kind:
    text = said(plan)
    if not missing:
        return Kind.WRONG_RULE
    if "do not fit" in text or "fits" in text or "in the end" in text:
        return Kind.WRONG_FIT
    return Kind.WRONG_ORDER if "order" in text else Kind.WRONG_REFUSAL
