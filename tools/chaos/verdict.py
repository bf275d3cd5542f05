"""What became of one round."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What became of a round; a file of `.chaos` holds it."""

    seed: int
    shape: str
    history: str
    kinds: list[str]
    planned: str
    """The disturbances as drawn."""
    done: list[str] = field(default_factory=list)
    """Those whose moment came."""
    skipped: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    """Exit codes: of the disturbed run, then of each `up` after the recovery."""
    recover: int | None = None
    """Exit code of `bin/placement recover`; None where nothing was to be recovered."""
    killed: bool = False
    """Whether the disturbed run was ended without a last word."""
    answers: list[str] = field(default_factory=list)
    """What a person had to do besides what is documented for every run."""
    wrong: list[str] = field(default_factory=list)
    """What must not be; empty: the round is passed."""
    seconds: float = 0.0

    @property
    def first(self) -> bool | None:
        """Whether the first `up` after the recovery ended with 0; None where none was needed."""
        return self.codes[1] == 0 if len(self.codes) > 1 else None


def line(verdict: Verdict) -> str:
    """Return a verdict as a line, one that was not passed with what must not be, and how to see it again."""
    codes = ",".join(map(str, verdict.codes))
    begin = f"{verdict.seed:5} {verdict.shape:11} {verdict.history:7} {' + '.join(verdict.kinds):50} exit {codes:10} {verdict.seconds:5.0f} s"
    if not verdict.wrong:
        return f"{begin} passed" + ("" if verdict.done else " (its moment did not come)")
    return "\n".join(
        [f"{begin} NOT PASSED  REPLAY={verdict.seed}", *(f"      {each}" for each in verdict.wrong)]
    )
