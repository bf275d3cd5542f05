"""The folder of rounds: a file each, to which later runs add; and the table of all that are in it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from tools.workspace import PROJECT

from .starts import STARTS
from .verdict import Verdict

FOLDER = PROJECT / ".chaos"


class Book:
    """What rounds have come to."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Open the folder; it is made with the first round."""
        self.folder = folder

    def logs(self, seed: int) -> Path:
        """Return the folder for the logs of a round, made anew."""
        path = self.folder / "logs" / str(seed)
        path.mkdir(parents=True, exist_ok=True)
        for each in path.iterdir():
            each.unlink()
        return path

    def has(self, seed: int) -> bool:
        """Say whether a round was played."""
        return self._file(seed).exists()

    def add(self, verdict: Verdict) -> None:
        """Keep a verdict; the logs stay where it is a bad one."""
        path = self._file(verdict.seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(verdict)) + "\n", encoding="utf-8")
        logs = self.folder / "logs" / str(verdict.seed)
        if not verdict.wrong and logs.exists():
            for each in logs.iterdir():
                each.unlink()
            logs.rmdir()

    def verdicts(self) -> Iterator[Verdict]:
        """Yield all, by seed. A file that a kill has torn is none: its round is played again."""
        for path in sorted(self.folder.glob("rounds/*.json"), key=lambda path: int(path.stem)):
            try:
                yield Verdict(**json.loads(path.read_text(encoding="utf-8")))
            except (ValueError, TypeError):
                path.unlink()

    def _file(self, seed: int) -> Path:
        return self.folder / "rounds" / f"{seed}.json"


def table(verdicts: Iterable[Verdict]) -> str:
    """Return the sums, a line for each start, and the seeds of rounds that were not passed."""
    rounds = list(verdicts)
    lines = [f"{'start':12} {'rounds':>6} {'passed':>6} {'disturbed':>9} {'up needed':>9} {'first up 0':>10}"]
    lines += [_row(shape, [each for each in rounds if each.shape == shape]) for shape in STARTS]
    lines.append(_row("all", rounds))
    wrong = Counter(name for each in rounds for name in {text.partition(":")[0] for text in each.wrong})
    sums = {
        "lost": wrong["realized_once"] + wrong["disks_kept"], "moved twice": wrong["ordered_once"],
        "false success": wrong["false success"], "not recovered": wrong["not recovered"],
    }  # fmt: skip
    lines.append(", ".join(f"{name} {count}" for name, count in sums.items()))
    killed = [each.first for each in rounds if each.killed and each.first is not None]
    lines.append(
        f"killed without a last word {len(killed)}: the first up afterwards ended with 0 in {sum(killed)}"
    )
    lines += [f"{name}: {count} rounds" for name, count in sorted(wrong.items())]
    kinds = Counter(kind for each in rounds for kind in each.kinds)
    lines.append(f"kinds of disturbances: {len(kinds)}; {sum(len(each.done) for each in rounds)} came about")
    lines += [f"REPLAY={each.seed}  {'; '.join(each.wrong)}"[:300] for each in rounds if each.wrong]
    return "\n".join(lines)


def _row(name: str, rounds: list[Verdict]) -> str:
    passed = sum(not each.wrong for each in rounds)
    needed = [each.first for each in rounds if each.first is not None]
    disturbed = sum(bool(each.done) for each in rounds)
    return f"{name:12} {len(rounds):6} {passed:6} {disturbed:9} {len(needed):9} {sum(needed):10}"
