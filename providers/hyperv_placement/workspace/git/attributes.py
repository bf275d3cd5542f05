"""Attributes by which git writes other bytes to the disk than a revision has: what is reviewed would not be what is read."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from .process import git, unreadable
from .revisions import paths_of, tree_of

_CONVERTING = ("working-tree-encoding", "filter", "ident")
"""Of gitattributes. `text` and `eol` change line ends alone, which a stack file may have in either form."""
_SYMLINK = b"120000 "
"""Mode of a link in the output of git-ls-tree."""


def conversions(revision: str, files: Iterable[Path], folder: Path) -> tuple[str, ...]:
    """Return the attributes that convert these files, or the files that they link to, as `ca.pem: filter: lfs`."""
    tree = tree_of(revision, folder)
    named = paths_of(revision, files, folder).values()
    entries = sorted({each for entry in named for each in _through_links(tree, entry, folder)})
    with TemporaryDirectory() as place:
        # An index of that revision: .gitattributes of the work tree may be other ones (git-check-attr, --cached).
        index = Path(place) / "index"
        read = git(folder, "read-tree", tree, index=index)
        top = Path(os.fsdecode(git(folder, "rev-parse", "--show-toplevel").stdout.removesuffix(b"\n")))
        typed = b"".join(os.fsencode(entry) + b"\0" for entry in entries)
        found = git(top, "check-attr", "--cached", "-z", "--stdin", *_CONVERTING, typed=typed, index=index)
    for done in (read, found):
        if done.returncode != 0:
            raise unreadable(revision, folder, done)
    fields = [os.fsdecode(each) for each in found.stdout.split(b"\0")]
    rows = zip(fields[::3], fields[1::3], fields[2::3], strict=False)  # file, attribute, value
    return tuple(
        f"{entry}: {name}: {value}" for entry, name, value in rows if value not in {"unspecified", "unset"}
    )


def _through_links(tree: str, entry: str, folder: Path) -> Iterator[str]:
    """Yield an entry of a tree and where its links lead in turn: the attributes of the last name count (gitattributes)."""
    # Links may go in a circle.
    met = set[str]()
    while entry not in met and entry != os.curdir and not entry.startswith((os.pardir, "/")):
        met.add(entry)
        yield entry
        entry = _one_link_on(tree, entry, folder)


def _one_link_on(tree: str, entry: str, folder: Path) -> str:
    """Return the entry with the link on its way followed; the entry itself where there is none."""
    parts = PurePosixPath(entry).parts
    places = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    listed = git(folder, "ls-tree", "-z", "--full-tree", tree, "--", *places)
    for head, _, name in (row.partition(b"\t") for row in listed.stdout.split(b"\0")):
        if head.startswith(_SYMLINK):
            link = os.fsdecode(name)
            blob = head.split(b" ")[2].decode("ascii")
            target = os.fsdecode(git(folder, "cat-file", "blob", blob).stdout)
            rest = posixpath.relpath(entry, link)
            return posixpath.normpath(posixpath.join(posixpath.dirname(link), target, rest))
    return entry
