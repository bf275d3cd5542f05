"""In place of `providers/hyperv_placement/resources/vm_placement.py`: answer each call from a file, whatever the hosts do."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pulumi.dynamic import CheckResult, DiffResult, ReadResult, ResourceProvider

TYPE = "pulumi-python:dynamic/hyperv:VmPlacement"


class VmPlacement(ResourceProvider):
    """The verbs that a preview calls."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Accept."""
        return CheckResult(news, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Find nothing."""
        return DiffResult(changes=False)

    def read(self, id_: str, _props: dict[str, Any]) -> ReadResult:
        """Return what the file has."""
        machine = _machines()[id_]
        return ReadResult(id_, machine["outputs"], machine["inputs"])


@cache
def _machines() -> dict[str, Any]:
    return dict(json.loads(Path("floor.json").read_text(encoding="utf-8")))
