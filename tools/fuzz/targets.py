"""What is fuzzed: every reader of bytes from outside, and the writing again of what it read."""

from __future__ import annotations

import errno
import io
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hyperv_placement.audit.verifying import verify
from hyperv_placement.directory import accounts, messages
from hyperv_placement.errors import PlacementError, ProtocolError
from hyperv_placement.migration.audit_tail import last_words
from hyperv_placement.planning.delegation.security_descriptor import allowed, with_allowed, without_allowed
from hyperv_placement.stackfile import load_text
from hyperv_placement.workspace.identities import read_kept
from hyperv_placement.workspace.inventory_file import document, parsed
from hyperv_placement.workspace.locks import locks as locks_of
from hyperv_placement.workspace.preview_file import previewed
from hyperv_placement.wsman import (
    EnumerateResponse,
    Fragment,
    Instance,
    InvokeResponse,
    PullResponse,
    Response,
    Unsupported,
    decode_embedded,
    decode_request,
    decode_response,
    encode_embedded,
    encode_request,
    encode_response,
    objects_in,
    sealed,
)
from lab.wmi.classes import CLASSES
from lab.wmi.columns import Columns
from lab.wmi.conditions import test_of
from lab.wmi.paths import parse_path
from lab.wmi.related import is_related, parse_related
from lab.wmi.tokens import QueryError, QueryNotServedError
from lab.wmi.wql import parse

from .documents import NOW, handed_off, meeting_place


def answers(content: bytes) -> None:
    """Read an answer, give its rows a class, take the objects out of it, write it again. Raises ProtocolError."""
    read = decode_response(content)
    _typed(read)
    _objects(read)
    encode_response(read, relates_to=read.header.relates_to, message_id="1", lang=read.header.lang)


def _typed(read: Response) -> None:
    rows = read.items or () if isinstance(read, PullResponse | EnumerateResponse) else ()
    for row in rows:
        if isinstance(row, Fragment):
            row.typed("Msvm_ComputerSystem")


def _objects(read: Response) -> None:
    """Take what is no object for none: the answer is written again all the same."""
    values = read.outputs.values() if isinstance(read, InvokeResponse) else ()
    for value in values:
        with suppress(ProtocolError):
            for found in objects_in(value, "Msvm_CompatibilityVector"):
                found.number("CompatibilityInfo")


def requests(content: bytes) -> None:
    """Read a request, and write it again. Raises ProtocolError."""
    read = decode_request(content)
    if not isinstance(read, Unsupported):
        encode_request(read, to="http://h:5985/wsman", message_id="1")


def embedded(content: bytes) -> None:
    """Read the text of an embedded instance, and write it again. Raises ProtocolError."""
    encode_embedded(decode_embedded(content.decode("utf-8", "replace")))


def sealed_answers(content: bytes) -> None:
    """Open an encrypted answer, of both schemes. Raises ProtocolError."""
    for protocol in (sealed.SPNEGO, sealed.CREDSSP):
        kind = f'multipart/encrypted;protocol="{protocol}";boundary="Encrypted Boundary"'
        try:
            sealed.unpack(kind, content, protocol, lambda piece: piece.data)
        except ProtocolError:
            continue


def directory(content: bytes) -> None:
    """Read a message of a directory, and the account in it as each kind that is asked for. Raises UnreadableError."""
    _, answer = messages.decoded(content)
    if not isinstance(answer, messages.Entry):
        return
    for read in (accounts.computer, accounts.other, accounts.person):
        try:
            read(answer)
        except PlacementError:
            continue


def descriptors(content: bytes) -> None:
    """Read a security descriptor, and write it with one more and with one less. Raises PlacementError where it is none."""
    try:
        sids = sorted(allowed(content))
        more = with_allowed(content, ["S-1-5-21-9-9-9-9"])
        without_allowed(more, sids[:1])
    except ValueError as error:
        raise ProtocolError(str(error)) from error


def inventories(content: bytes) -> None:
    """Read a recorded inventory, and write it again. Raises PlacementError."""
    document(parsed(content, "inventory.json"))


def handoffs(content: bytes) -> None:
    """Take each thing that a process of a run leaves for the other: what is none of ours is not there."""
    with TemporaryDirectory() as folder:
        place = meeting_place(Path(folder))
        for path in handed_off():
            (Path(folder) / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            (Path(folder) / path).write_bytes(content)
        place.read_otherwise(NOW)
        place.take(NOW)
        place.take_past()
        place.take_identities(NOW)
        place.take_schedule()
        place.take_preview(NOW)


def identities(content: bytes) -> None:
    """Read which machines and hosts a stack had: what cannot be read is nothing."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lab.json"
        path.write_bytes(content)
        read_kept(path)


def locks(content: bytes) -> None:
    """Read a lock of the engine: what cannot be read is a fragment, and one that is too large an error of the system."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "locks" / "lab" / "1.json"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        try:
            list(locks_of(Path(folder)))
        except OSError as error:
            if error.errno != errno.EFBIG:
                raise


def audit_logs(content: bytes) -> None:
    """Read the last words of an audit log, and hold its lines against their hashes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lab.jsonl"
        path.write_bytes(content)
        path.chmod(0o600)
        last_words(path)
    verify([("lab.jsonl", io.BytesIO(content))])


def previews(content: bytes) -> None:
    """Read what the engine has written of a preview. Raises PlacementError."""
    previewed(content, "preview.json").moves()


def stacks(content: bytes) -> None:
    """Read a stack file, as of a revision that somebody else has made. Raises PlacementError."""
    load_text(content, Path("stacks/lab.yaml"), Path("stacks/lab.yaml"), past=True)


def queries(content: bytes) -> None:
    """Read a query as a host of the lab does, and its conditions against a row. Raises QueryError, QueryNotServedError."""
    text = content.decode("utf-8", "replace")
    if is_related(text):
        parse_path(parse_related(text).source)
        return
    where = test_of(parse(text).where, Columns(found=_SYSTEMS, server="HV1"))
    where(_ROW)


_SYSTEMS = next(each for each in CLASSES if each.name == "Msvm_ComputerSystem")
_ROW = Instance(
    "Msvm_ComputerSystem",
    {"Name": "HV1", "ElementName": "a", "EnabledState": 2, "InstallDate": NOW, "Status": None},
)
EXPECTED = (PlacementError, messages.UnreadableError, QueryError, QueryNotServedError)
