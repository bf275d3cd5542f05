"""Each file of an operator's repository: from the templates beside this module, the schemas, the pipelines and the lock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hyperv_placement import __version__
from hyperv_placement.system.shipped import shipped

from .pipelines import pipelines
from .values import Forge, Piece, Settings
from .wheel import Wheel

_TEMPLATES = Path(__file__).with_name("template")
_PLAIN = {
    "main.py.txt": "__main__.py",
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "gitattributes": ".gitattributes",
    "setup.cmd": "bin/setup.cmd",
    "plugin.cmd": "plugin/pulumi-resource-pulumi-python.cmd",
    "example.yaml": "stacks/example.yaml",
    "vscode-settings.json": ".vscode/settings.json",
    "vscode-extensions.json": ".vscode/extensions.json",
    "policy.yaml": "policy/policy.yaml",
    "policy-pack.cmd": "policy/run.cmd",
}
"""Template -> where it lies in the repository."""
_PROGRAMS = {
    "setup.txt": "bin/setup",
    "plugin.sh": "plugin/pulumi-resource-pulumi-python",
    "policy-pack.txt": "policy/run",
}
_COMMANDS = {"placement": "hyperv_placement.commands", "pulumi": "hyperv_placement.launch"}
"""`bin/NAME` -> the module that it runs."""
_OWNERS: dict[Forge, str] = {"github": ".github/CODEOWNERS", "gitlab": "CODEOWNERS"}
_LAB_ONLY = "trustme=="
"""In our lock, which is also that of checkouts, for the certificates of simulated hosts."""
_TEMPLATE = """template:
  description: Hyper-V machines where a file in Git says
  quickstart: "Read README.md, and run bin/setup"
"""
"""What makes a folder one for `pulumi new`, which fills in the rest (sdk/go/common/workspace/project.json)."""


def content(settings: Settings, wheel: Wheel, *, template: bool) -> dict[str, Piece]:
    """Return the files by their paths. `template`: `pulumi new` is to make repositories from it."""
    files = dict(_of_templates(settings.name))
    if template:
        files["Pulumi.yaml"] = Piece(content=files["Pulumi.yaml"].content + _TEMPLATE.encode())
    for schema in sorted(shipped("schemas").glob("*.schema.json")):
        files[f"schemas/{schema.name}"] = Piece(content=schema.read_bytes())
    files[f"wheels/{wheel.name}"] = Piece(content=wheel.content)
    lock = (shipped("locks") / "requirements.txt").read_text(encoding="utf-8")
    files["requirements.txt"] = Piece(content=lock_of(lock, wheel).encode())
    if settings.forge is not None:
        files[_OWNERS[settings.forge]] = _piece("CODEOWNERS", {})
    files |= dict(pipelines(settings))
    return dict(sorted(files.items()))


def lock_of(lock: str, wheel: Wheel) -> str:
    """Return our lock with the wheel in it, and without what the lab alone needs; each entry with its hashes."""
    entries: list[list[str]] = []
    for line in lock.splitlines():
        if line.startswith((" ", "\t")):
            entries[-1].append(line)
        else:
            entries.append([line])
    kept = [line for entry in entries if not entry[0].startswith(_LAB_ONLY) for line in entry]
    head = (
        f"# What {wheel.name.split('-')[0].replace('_', '-')} {__version__} runs on, with the hash of each file. bin/setup installs it.",
        f"./wheels/{wheel.name} \\",
        f"    --hash=sha256:{wheel.sha256}",
    )
    return "\n".join([*head, *kept]) + "\n"


def _of_templates(project: str) -> Iterator[tuple[str, Piece]]:
    words = {"PROJECT": project, "VERSION": __version__}
    yield "Pulumi.yaml", _piece("Pulumi.yaml", words)
    for name, place in _PLAIN.items():
        yield place, _piece(name, words)
    for name, place in _PROGRAMS.items():
        yield place, _piece(name, words, executable=True)
    for name, module in _COMMANDS.items():
        own = {"NAME": name, "MODULE": module}
        yield f"bin/{name}", _piece("command.txt", own, executable=True)
        yield f"bin/{name}.cmd", _piece("command.cmd", own)


def _piece(name: str, words: dict[str, str], *, executable: bool = False) -> Piece:
    text = (_TEMPLATES / name).read_text(
        encoding="utf-8"
    )  # with plain line ends, whatever git has made of them
    for word, value in words.items():
        text = text.replace(f"${{{word}}}", value)
    if name.endswith(".cmd"):
        text = text.replace("\n", "\r\n")  # cmd.exe loses its place in a file without
    return Piece(content=text.encode(), executable=executable)
