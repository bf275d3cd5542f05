"""The wheel, built as a release builds it: the product, what it needs beside its code, and nothing of ours to develop with."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from hyperv_placement import __version__
from tools.workspace import PROJECT

LAB_ONLY = {"trustme"}
"""In requirements.in for the lab, which is not in the wheel."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    [file] = folder.glob("*.whl")
    assert file.name == f"hyperv_placement-{__version__}-py3-none-any.whl"
    return zipfile.ZipFile(file)


def test_it_holds_the_product_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Each module and data file of the package; neither lab, tools, tests nor what Python leaves behind."""
    names = set(wheel.namelist())
    assert {name.split("/")[0] for name in names} == {
        "hyperv_placement",
        f"hyperv_placement-{__version__}.dist-info",
    }
    package = PROJECT / "providers"
    sources = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources <= names
    assert not any(name.endswith(".pyc") for name in names)


def test_it_holds_what_lies_elsewhere_in_a_checkout(wheel: zipfile.ZipFile) -> None:
    """Schemas, pipelines and lock, byte by byte, and the mark that there are types."""
    for ours, theirs in (("schemas", "schemas"), ("docs/pipelines", "pipelines")):
        for path in (each for each in (PROJECT / ours).rglob("*") if each.is_file()):
            within = f"hyperv_placement/{theirs}/{path.relative_to(PROJECT / ours).as_posix()}"
            assert wheel.read(within) == path.read_bytes()
    assert (
        wheel.read("hyperv_placement/locks/requirements.txt") == (PROJECT / "requirements.txt").read_bytes()
    )
    assert "hyperv_placement/py.typed" in wheel.namelist()


def test_it_asks_for_what_checkouts_install(wheel: zipfile.ZipFile) -> None:
    """The same packages in the same bounds; extras for Kerberos and for spans."""
    wanted = (PROJECT / "requirements.in").read_text(encoding="utf-8").replace('"', "'").splitlines()
    pinned = {line for line in wanted if line and not line.startswith("#")} - LAB_ONLY
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["dependencies"]) == pinned
    metadata = Parser().parsestr(wheel.read(f"hyperv_placement-{__version__}.dist-info/METADATA").decode())
    assert metadata["Version"] == __version__
    assert set(metadata.get_all("Provides-Extra", [])) == {"kerberos", "otel"}


def test_its_commands_are_there(wheel: zipfile.ZipFile) -> None:
    """What pip makes of it: `placement`, and the starter of Pulumi."""
    text = wheel.read(f"hyperv_placement-{__version__}.dist-info/entry_points.txt").decode()
    assert "placement = hyperv_placement.commands.__main__:start" in text
    assert "placement-pulumi = hyperv_placement.launch.__main__:main" in text


def test_it_is_run_from_its_file_alone(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Unpacked elsewhere it finds its schemas, its pipelines and its lock, and no checkout."""
    wheel.extractall(tmp_path)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from hyperv_placement.system.shipped import shipped, is_checkout;"
        "from hyperv_placement.commands.__main__ import start;"
        "assert not is_checkout() and all(shipped(n).is_dir() for n in ('schemas', 'pipelines', 'locks'));"
        "sys.argv[1:] = ['schema']; sys.exit(start())"
    )
    answer = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path)],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    # As values: where a pipeline's runner reads along, what orders it stands escaped.
    schema = (PROJECT / "schemas" / "stack.schema.json").read_text(encoding="utf-8")
    assert json.loads(answer.stdout) == json.loads(schema)
