"""The operator's policies: where their files lie, who may have written them, and what they say."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from pathlib import Path

from hyperv_placement.errors import PolicyError
from hyperv_placement.model.destinations import is_pattern
from hyperv_placement.model.policy import ENVIRONMENT, SYSTEM, Policy, PolicyFile
from hyperv_placement.system import belongings
from hyperv_placement.system.files import read_own
from hyperv_placement.system.project import PROJECT

from .authorities import LARGEST, fingerprint, fingerprints
from .checking import check
from .findings import WHOLE, Findings
from .nodes import Mapping, Scalar, Sequence
from .parsing import parse
from .schema import POLICY_SCHEMA, read_schema
from .source import source_of

VARIABLE = "PLACEMENT_POLICY"
_FOLDER = "hyperv-placement"
_NAME = "policy.yaml"
_LARGEST = 1024 * 1024
"""Bytes; 10,000 hosts by name are less than 0.5 MiB."""


def places(environment: Dict[str, str], platform: str) -> Iterator[Path]:
    """Yield where a policy may lie that need not be there: of the computer, then of the user."""
    if platform == "win32":
        yield Path(environment.get("ProgramData") or r"C:\ProgramData", _FOLDER, _NAME)
        if roaming := environment.get("APPDATA"):
            yield Path(roaming, _FOLDER, _NAME)
        return
    if platform == "darwin":
        yield Path("/Library/Application Support", _FOLDER, _NAME)
    yield Path("/etc", _FOLDER, _NAME)
    own = environment.get("XDG_CONFIG_HOME") or ""
    # a relative one is to be ignored (XDG Base Directory Specification)
    base = Path(own) if Path(own).is_absolute() else Path(os.path.expanduser("~/.config"))  # noqa: PTH111 - Path raises where there is no home
    if base.is_absolute():
        yield base / _FOLDER / _NAME


def policy_in_force(folder: Path) -> Policy:
    """Return what operators permit a stack file in `folder`: the policy of each file that is there.

    Raises PolicyError with every finding where one is ill, may have been written by others, or is named and missing.
    """
    found, wrong = [], list[str]()
    for path in _given():
        findings = Findings(path)
        read = _read(path, folder, findings)
        wrong += findings.lines()
        if read is not None:
            found.append(read)
    if wrong:
        raise PolicyError("\n".join(wrong))
    return Policy(files=tuple(found))


def _given() -> Iterator[Path]:
    """Yield each policy that is named, or that there is; of one whose folder lets us not look, reading says why."""
    for path in places(os.environ, sys.platform):
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            pass  # it may be there all the same: reading it fails and says why
        yield path
    named = os.environ.get(VARIABLE)
    if named == "":
        raise PolicyError(f"{VARIABLE} is set and empty: name the policy's file in it, or unset it")
    if named is not None:
        yield Path(named).absolute()


def _read(path: Path, folder: Path, findings: Findings) -> PolicyFile | None:
    tree = work_tree_of(path, folder)
    if tree is not None:
        findings.add(
            "policy-in-work-tree", WHOLE, f"lies in {tree}, whose stack files it is to restrict, so that whoever changes those can change it; move it to /etc"
        )  # fmt: skip
        return None
    raw = _own(path, _LARGEST, findings, WHOLE, "")
    source = None if raw is None else source_of(raw, findings)
    document = (
        None if source is None else parse(source, findings, needs="write one of its keys, such as hosts:")
    )
    if document is None:
        return None
    root = check(document, read_schema(POLICY_SCHEMA), findings)
    return _file(path, root, findings) if document.complete and isinstance(root, Mapping) else None


def work_tree_of(path: Path, folder: Path) -> Path | None:
    """Return the work tree of a stack file in `folder` in which `path` lies, through links; None where it lies in none.

    Of nested trees (submodules) each one counts. Without git, the project does: this one, and the one that a folder `stacks`
    belongs to; and the folder itself, not what is below it.
    """
    # Through links: a policy in /etc that is a link into the checkout belongs to whoever changes the checkout.
    real, folder = Path(os.path.realpath(path)), Path(os.path.realpath(folder))
    trees = [PROJECT, *([folder.parent] if folder.name == "stacks" else [])]
    for start in (folder, PROJECT):
        trees += [each for each in (start, *start.parents) if (each / ".git").exists()]
    if real.parent == folder:
        return folder
    return next((tree for tree in trees if real.is_relative_to(tree)), None)


def _own(path: Path, limit: int, findings: Findings, line: int, where: str) -> bytes | None:
    """Return what a file holds that nobody else may have written: neither it nor what is above it; None where that is not so."""
    try:
        raw = read_own(path, limit)
        # Whoever may write to a folder above can put another file in this one's place.
        for above in Path(os.path.realpath(path)).parents:
            belongings(above).check(above)
    except OSError as error:
        why = f" ({error.filename})" if error.filename not in {None, str(path)} else ""
        findings.add(
            "policy-file-unsafe",
            line,
            f"{where}cannot be relied on: {error.strerror}{why}; correct that, or whoever named it",
        )
        return None
    return raw


def _file(path: Path, root: Mapping, findings: Findings) -> PolicyFile:
    plain, audit = root.scalar("plain_http"), root.scalar("audit")
    ports, auth = _texts(root, "ports"), _texts(root, "auth")
    authorities, sources = _texts(root, "ca"), _texts(root, "credentials")
    return PolicyFile(
        path=str(path),
        lines={key: entry.line for key, entry in root.entries.items()},
        hosts=_patterns(root, "hosts", findings),
        ports=None if ports is None else frozenset(int(node.text) for node in ports),
        proxies=_patterns(root, "proxies", findings),
        directories=_patterns(root, "directories", findings),
        domains=_words(root, "domains"),
        auth=None if auth is None else frozenset(node.text for node in auth),
        authorities=None
        if authorities is None
        else frozenset(each for node in authorities for each in _authority(node, path.parent, findings)),
        # By their real paths, as `governing` names those of a stack file: a link must not lead around the policy.
        credentials=None
        if sources is None
        else tuple(
            node.text if node.text == ENVIRONMENT else os.path.realpath(path.parent / node.text)
            for node in sources
        ),
        plain_http=plain is None or plain.text.lower() in {"true", "yes", "on"},
        delegation=_words(root, "delegation"),
        audit_required=audit is not None,
    )


def _texts(root: Mapping, key: str) -> list[Scalar] | None:
    """Return the items of a list; None where it is absent."""
    value = root.value(key)
    if not isinstance(value, Sequence):
        return None
    return [item for item in value.items if isinstance(item, Scalar) and item.kind != "broken"]


def _words(root: Mapping, key: str) -> frozenset[str] | None:
    nodes = _texts(root, key)
    return None if nodes is None else frozenset(node.text for node in nodes)


def _patterns(root: Mapping, key: str, findings: Findings) -> tuple[str, ...] | None:
    nodes = _texts(root, key)
    for node in nodes or ():
        if not is_pattern(node.text):
            findings.add(
                "pattern-wrong", node.line, f"{key}: '{node.text}' names no place; write a name, a suffix such as .corp.example, an IP address or a network such as 10.20.0.0/16"
            )  # fmt: skip
    return None if nodes is None else tuple(node.text for node in nodes)


def _authority(node: Scalar, folder: Path, findings: Findings) -> frozenset[str]:
    """Return the fingerprints that an entry means: one, those of a file, or SYSTEM."""
    one = fingerprint(node.text)
    if one is not None or node.text == SYSTEM:
        return frozenset({one or SYSTEM})
    where = f"ca: '{node.text}' "
    raw = _own(folder / node.text, LARGEST, findings, node.line, where)
    try:
        return frozenset() if raw is None else fingerprints(raw)
    except ValueError as error:
        findings.add(
            "authority-wrong",
            node.line,
            f"{where}{error}; name a PEM file, a SHA-256 fingerprint of 32 bytes, or {SYSTEM}",
        )
        return frozenset()
