"""Imports point one way: no module and no folder, at any level, reaches itself again.

Layers are named in `pyproject.toml`; this looks at what they do not name, such as two modules of one folder. Imports for the type checker alone count
as well: who reads one module has to know the other.
"""

from __future__ import annotations

from collections import defaultdict
from graphlib import TopologicalSorter

import grimp
import pytest

GRAPH = grimp.build_graph("hyperv_placement", "lab", "tools")
FOLDERS = sorted(
    {parent for module in GRAPH.modules for parent in (module.rpartition(".")[0],) if "." in module}
)


def test_no_module_reaches_itself() -> None:
    """A package's own module may be imported by what it holds, and imports none of it, or the other way round."""
    TopologicalSorter(
        {module: GRAPH.find_modules_directly_imported_by(module) for module in GRAPH.modules}
    ).prepare()


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_part_of_a_folder_reaches_itself(folder: str) -> None:
    """What lies side by side in a folder, files and folders alike."""
    depth = folder.count(".") + 2
    reached = defaultdict[str, set[str]](set)
    for module in GRAPH.modules:
        for other in GRAPH.find_modules_directly_imported_by(module):
            if module.startswith(f"{folder}.") and other.startswith(f"{folder}."):
                one, two = (".".join(name.split(".")[:depth]) for name in (module, other))
                if one != two:
                    reached[one].add(two)
    TopologicalSorter(reached).prepare()
