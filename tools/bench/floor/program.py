"""In place of `__main__.py`: declare the same resources by inputs that lie in a file."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pulumi

TYPE = "pulumi-python:dynamic/hyperv:VmPlacement"


class Constant(pulumi.CustomResource):
    """One machine as it was declared when the file was written."""

    host: pulumi.Output[str]
    moves: pulumi.Output[int]

    def __init__(self, label: str, outputs: Iterable[str], inputs: dict[str, Any]) -> None:
        """Register what our program would."""
        super().__init__(TYPE, label, {**dict.fromkeys(outputs), **inputs})


def main() -> None:
    """Declare and export, as our program does."""
    machines = json.loads(Path("floor.json").read_text(encoding="utf-8"))
    resources = {
        machine["label"]: Constant(machine["label"], machine["outputs"], machine["inputs"])
        for machine in machines.values()
    }
    pulumi.export("placement", {label: resource.host for label, resource in resources.items()})
    pulumi.export("moves", pulumi.Output.all(*(r.moves for r in resources.values())).apply(_total))


def _total(moves: Iterable[float | None]) -> int:
    return int(sum(count or 0 for count in moves))


main()
