"""What git has of a file at a revision: asked of git alone, so that no file of a pull request lies on a disk."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from hyperv_placement.errors import PlacementError, StackFileError

LARGEST = 16 * 1024 * 1024
"""Bytes of one file; what a stack file may have."""
_OTHERWISE = "See to what git says, or name a file"
_REMEDY = "Name a file, or a revision of git that is fetched: git fetch origin main, then --base origin/main"
_PATIENCE = 60
"""Seconds for git."""
_SECRET = re.compile(r"://\S*@")
"""User name and password in a remote's URL, which git may repeat."""


def is_revision(word: str, folder: Path) -> bool:
    """Say whether git knows the word; where git is not there, or reads no repository, it is no revision."""
    try:
        return _tree(word, folder).returncode == 0
    except PlacementError:
        return False


def tree_of(revision: str, folder: Path) -> str:
    """Return the name of the tree of a revision (a commit, or a tree itself). Raises PlacementError where there is none."""
    prefix_of(revision, folder)
    asked = _tree(revision, folder)
    if asked.returncode != 0:
        raise PlacementError(
            f"{revision!r} is neither a file nor a revision of git ({_said(asked)})", remedy=_REMEDY
        )
    return asked.stdout.decode("ascii", "replace").strip()


def prefix_of(revision: str, folder: Path) -> str:
    """Return the way from the top of the repository to `folder`, with a slash at its end; empty at the top."""
    way = _git(folder, "rev-parse", "--show-prefix")
    if way.returncode != 0:
        raise PlacementError(
            f"{revision!r} is no file, and what revision it is git does not tell: {_said(way)}",
            remedy=_OTHERWISE,
        )
    return os.fsdecode(way.stdout.removesuffix(b"\n"))


def at_revision(revision: str, path: Path) -> bytes | None:
    """Return the file's content then; None where the revision has no such file.

    Links are followed as they led in that revision. Raises StackFileError where one leads nowhere, or where it is larger
    than a stack file may be; PlacementError where git cannot give it.
    """
    path = _known_to_git(path)
    folder = path.parent
    tree = tree_of(revision, folder)
    place = prefix_of(revision, folder) + path.name
    listed = _git(folder, "ls-tree", "-z", "--full-tree", tree, "--", place)
    if listed.returncode != 0:
        raise _not_had(revision, path, listed)
    return _followed(revision, path, f"{tree}:{place}") if listed.stdout else None


def stack_names(revision: str, folder: Path) -> list[str]:
    """Return the names of the YAML files that the revision has in `folder`."""
    tree, prefix = tree_of(revision, folder), prefix_of(revision, folder)
    listed = _git(folder, "ls-tree", "-z", "--full-tree", "--name-only", tree, "--", prefix)
    if listed.returncode != 0:
        raise _not_had(revision, folder, listed)
    names = [os.fsdecode(each).removeprefix(prefix) for each in listed.stdout.split(b"\0") if each]
    return [name for name in names if name.endswith(".yaml")]


def contents(revision: str, files: Iterable[Path], folder: Path) -> dict[Path, bytes | None]:
    """Return of each file that lies in the repository what it held at the revision, None where that had no such file.

    A link that leads out of the repository stands for itself; so does what is larger than LARGEST.
    """
    if _git(folder, "rev-parse", "--show-prefix").returncode != 0:
        return {}
    tree, ways = tree_of(revision, folder), _ways(revision, files, folder)
    return {file: _content(revision, file, f"{tree}:{way}", folder) for file, way in ways.items()}


def conversions(revision: str, files: Iterable[Path], folder: Path) -> tuple[str, ...]:
    """Return by which attributes git writes other bytes for these files than the revision has, as `ca.pem: filter: lfs`.

    What is reviewed would not be what is read then (gitattributes, "working-tree-encoding", "filter", "ident").
    """
    tree = tree_of(revision, folder)
    named_ways = _ways(revision, files, folder).values()
    ways = sorted({each for way in named_ways for each in _through_links(tree, way, folder)})
    with TemporaryDirectory() as place:
        index = Path(place) / "index"
        read = _git(folder, "read-tree", tree, index=index)
        top = Path(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").stdout.removesuffix(b"\n")))
        words = ("check-attr", "--cached", "-z", "--stdin", "working-tree-encoding", "filter", "ident")
        found = _git(top, *words, reported=b"".join(os.fsencode(way) + b"\0" for way in ways), index=index)
    for done in (read, found):
        if done.returncode != 0:
            raise _not_had(revision, folder, done)
    reported = [os.fsdecode(each) for each in found.stdout.split(b"\0")]
    rows = zip(reported[::3], reported[1::3], reported[2::3], strict=False)
    return tuple(
        f"{way}: {name}: {value}" for way, name, value in rows if value not in {"unspecified", "unset"}
    )


def _ways(revision: str, files: Iterable[Path], folder: Path) -> dict[Path, str]:
    """Return the ways of files from the top of the repository, of those that lie in it.

    By git's own word for where `folder` is: it may have been reached through a link.
    """
    prefix, here = prefix_of(revision, folder), os.path.normpath(folder.absolute())
    found = dict[Path, str]()
    for file in files:
        way = os.path.normpath(Path(prefix) / os.path.relpath(os.path.normpath(file.absolute()), here))
        if not way.startswith(os.pardir):
            found[file] = Path(way).as_posix()
    return found


def _through_links(tree: str, way: str, folder: Path) -> Iterator[str]:
    """Yield a way in a tree and where its links lead in turn: attributes are those of the name at the end (gitattributes)."""
    met = set[str]()
    while way not in met and way != os.curdir and not way.startswith((os.pardir, "/")):
        met.add(way)
        yield way
        way = _one_link_on(tree, way, folder)


def _one_link_on(tree: str, way: str, folder: Path) -> str:
    """Return the way with the link that is on it followed; as it is where none is."""
    parts = PurePosixPath(way).parts
    places = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    listed = _git(folder, "ls-tree", "-z", "--full-tree", tree, "--", *places)
    for head, _, name in (row.partition(b"\t") for row in listed.stdout.split(b"\0")):
        if head.startswith(b"120000 "):
            link = os.fsdecode(name)
            to = os.fsdecode(_git(folder, "cat-file", "blob", head.split(b" ")[2].decode("ascii")).stdout)
            return posixpath.normpath(
                posixpath.join(posixpath.dirname(link), to, posixpath.relpath(way, link))
            )
    return way


def _content(revision: str, file: Path, place: str, folder: Path) -> bytes | None:
    kind, head, rest = _batch(revision, file, place, folder, "--batch-check")
    if kind == "missing":
        return _other_repository(place, folder)
    if kind == "blob" and _size(head) <= LARGEST:
        _, head, rest = _batch(revision, file, place, folder, "--batch")
        return rest[: _size(head)]
    return head + b"\n" + rest


def _other_repository(place: str, folder: Path) -> bytes | None:
    """Return what stands for a file of a submodule, the commit of that one; None where the place is in none."""
    tree, _, way = place.partition(":")
    folders = [parent.as_posix() for parent in PurePosixPath(way).parents if parent.name]
    listed = _git(folder, "ls-tree", "-z", "--full-tree", tree, "--", *folders)
    inside = [line for line in listed.stdout.split(b"\0") if line.startswith(b"160000 ")]
    return b"\n".join(inside) or None


def is_tracked(file: Path) -> bool:
    """Say whether git looks after the file as it lies there."""
    return _git(file.parent, "ls-files", "--error-unmatch", "--", file.name).returncode == 0


def _tree(revision: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return _git(folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{tree}}")


def _known_to_git(path: Path) -> Path:
    """Return where git has the file: a link that it does not track itself is followed."""
    path = path.absolute()
    if not path.is_symlink():
        return path
    return path if is_tracked(path) else path.resolve()


def _followed(revision: str, path: Path, place: str) -> bytes:
    """Return what stands there, through links, of which git alone knows where they led."""
    kind, head, _ = _batch(revision, path, place, path.parent, "--batch-check")
    if kind != "blob":
        raise StackFileError(f"{named(revision, path)} is a link that leads to no file of that revision")
    if _size(head) > LARGEST:
        limit = f"{LARGEST // 1024**2} MiB"
        raise StackFileError(
            f"{named(revision, path)}:1: is larger than {limit}; a stack file is a short YAML text"
        )
    _, head, rest = _batch(revision, path, place, path.parent, "--batch")
    return rest[: _size(head)]


def _size(head: bytes) -> int:
    return int(head.split(b" ")[2])


def _batch(revision: str, path: Path, place: str, folder: Path, form: str) -> tuple[str, bytes, bytes]:
    """Return what kind of thing is at a place, git's first line about it, and what follows that (git-cat-file, BATCH OUTPUT)."""
    if "\n" in place:
        raise PlacementError(f"{str(path)!r} has a line break in its name", remedy="Give it another name")
    found = _git(folder, "cat-file", form, "--follow-symlinks", reported=os.fsencode(f"{place}\n"))
    head, _, rest = found.stdout.partition(b"\n")
    if found.returncode == 0 and head == os.fsencode(f"{place} missing"):
        return "missing", head, rest
    word, *more = head.split(b" ")
    if found.returncode == 0 and more[:1] in ([b"blob"], [b"tree"]):
        return more[0].decode("ascii"), head, rest
    if found.returncode == 0 and word in {b"dangling", b"symlink", b"loop", b"notdir"}:
        return word.decode("ascii"), head, rest
    raise _not_had(revision, path, found)


def named(revision: str, path: Path) -> Path:
    """Return how findings name the file at a revision."""
    return Path(f"{revision}:{path.name}")


def _not_had(revision: str, path: Path, failed: subprocess.CompletedProcess[bytes]) -> PlacementError:
    return PlacementError(
        f"{path.name} cannot be read at {revision!r}, says git: {_said(failed)}", remedy=_OTHERWISE
    )


def _said(failed: subprocess.CompletedProcess[bytes]) -> str:
    """Return what git complained of, or the first line of its answer, in one line."""
    words = (failed.stderr.strip() or failed.stdout.partition(b"\n")[0]).decode("utf-8", "replace")
    return _SECRET.sub("://***@", " ".join(words.split()))


def _git(
    folder: Path, *words: str, reported: bytes = b"", index: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run git, which may fetch what a clone has left out, and never asks anybody for a password; `index`: in place of its own."""
    command = ["git", "--literal-pathspecs", "-C", str(folder), *words]
    own = {} if index is None else {"GIT_INDEX_FILE": str(index)}
    # hooks have GIT_DIR; without a work tree beside it git takes the folder of -C for the top of the repository (git, "GIT_DIR")
    given = {
        key: value for key, value in os.environ.items() if key != "GIT_DIR" or "GIT_WORK_TREE" in os.environ
    }
    try:
        return subprocess.run(
            command, check=False, capture_output=True, input=reported, timeout=_PATIENCE,
            env={**given, **own, "GIT_TERMINAL_PROMPT": "0"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlacementError(f"git does not answer: {error}", remedy="Install git, or name a file") from error
