"""What is changed beside messages: each file that this program reads, as it writes it or as others do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hyperv_placement.audit.lines import encoded
from hyperv_placement.directory import messages
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Placement, Schedule, ScheduledMove
from hyperv_placement.model.throughput import PastMove
from hyperv_placement.planning.delegation.security_descriptor import sid_bytes, with_allowed
from hyperv_placement.workspace.handoff import HandedOff, Handoff
from hyperv_placement.workspace.identities import Identities
from hyperv_placement.workspace.inventory_file import Recorded, document
from hyperv_placement.wsman import sealed
from tests.clocks import FastClock
from tests.estates import guid, host, inventory, job, machine, stack
from tests.ldap_messages import ended, found

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ROOT = Path(__file__).resolve().parents[2]
_ESTATE = inventory(
    host("hv1", machine(1), machine(2)), host("hv2", machine(3, "hv2"), jobs=(job(3, None),)), silent=("hv3",)
)
_SIDS = tuple(f"S-1-5-21-1-2-3-{number}" for number in (500, 1103, 1104))


def schedule() -> Schedule:
    """Return the order of a run."""
    placement = Placement(host=HostName("hv2"))
    vm = machine(1)
    move = Move(
        vm=vm, source=vm.host, destination=HostName("hv2"), moves=Moves.HOST_AND_STORAGE,
        roots=vm.roots,
    )  # fmt: skip
    one = ScheduledMove(label="VM001", move=move, placement=placement, start=0.0, end=1.0, after=())
    return Schedule(moves=(one,), bound=1.0)


def meeting_place(project: Path) -> Handoff:
    """Return where the two processes of a run of a stack meet."""
    own = replace(stack({}), path=project / "stacks" / "lab.yaml", digest="a1")
    return Handoff(project=project, engine="127.0.0.1:4711", stack=own)


def leave_all(place: Handoff) -> None:
    """Leave one of each there."""
    past = PastMove(
        ended=1, source=HostName("hv1"), destination=HostName("hv2"), bytes=5, seconds=2.0, estimated=1.0
    )
    place.leave(HandedOff(inventory=_ESTATE, begun=NOW))
    place.leave_past([past])
    place.leave_identity("VM001", guid(1), NOW)
    place.leave_schedule(schedule(), NOW)
    place.leave_preview(schedule(), NOW)
    kept: dict[str, VmId] = {"VM001": guid(1)}
    Identities(place.project / ".pulumi" / "identities" / "lab.json", FastClock()).keep(kept)


@cache
def handed_off() -> tuple[Path, ...]:
    """Return the names of the files by which the two processes of a run meet, below the project."""
    with TemporaryDirectory() as folder:
        leave_all(meeting_place(Path(folder)))
        return tuple(path.relative_to(folder) for path in sorted(Path(folder).glob(".pulumi/*/*.json")))


def handoffs() -> tuple[bytes, ...]:
    """Return what the two processes of a run leave for each other, what runs leave for the next, and a lock of the engine."""
    with TemporaryDirectory() as folder:
        leave_all(meeting_place(Path(folder)))
        left = tuple(path.read_bytes() for path in sorted(Path(folder).glob(".pulumi/*/*.json")))
    lock = {"pid": 1, "username": "a", "hostname": "b", "timestamp": "2026-01-01T00:00:00Z"}
    return (*left, json.dumps(lock).encode())


def inventories() -> tuple[bytes, ...]:
    """Return a recorded inventory."""
    return (document(Recorded(read=NOW, inventory=_ESTATE)).encode(),)


def audit_logs() -> tuple[bytes, ...]:
    """Return a log of two moves, chained, and one without hashes."""
    entries = [
        {"time": NOW.isoformat(), "event": event, "id": guid(1), "vm": "VM001", "from": "hv1", "to": "hv2", "result": ""}
        for event in ("started", "ended", "gap", "chained", "rotated")
    ]  # fmt: skip
    lines, prev = list[bytes](), ""
    for entry in entries:
        lines.append(encoded(entry, prev))
        prev = "0" * 64
    plain = (json.dumps(entry).encode() for entry in entries)
    return b"\n".join((*lines, b"")), b"\n".join((*plain, b""))


def previews() -> tuple[bytes, ...]:
    """Return what the engine writes of a preview (pulumi/pulumi pkg/display/json.go, PreviewDigest)."""
    urn = "urn:pulumi:prod::hyperv::pulumi-python:hv:Vm::VM001"
    state = {"urn": urn, "inputs": {"host": "hv1"}, "outputs": {"host": "hv2", "disks": {"os": "a"}}}
    step = {
        "op": "update",
        "urn": urn,
        "oldState": state,
        "newState": state,
        "detailedDiff": {"host": {"kind": "update"}},
    }
    reported = {"urn": urn, "message": "VM001: moves to hv2\n", "severity": "info"}
    content = {"steps": [step], "diagnostics": [reported], "changeSummary": {"update": 1}, "duration": 1}
    return (json.dumps(content, indent=1).encode(),)


def stacks() -> tuple[bytes, ...]:
    """Return the stack file of the lab, and one with most keys."""
    return (
        *(
            path.read_bytes()
            for path in sorted((_ROOT / "stacks").glob("*.yaml"))
            if not path.name.startswith("Pulumi.")
        ),
        _MOST_KEYS,
    )


def sealed_messages() -> tuple[bytes, ...]:
    """Return encrypted messages in one piece and in several."""

    def seal(text: bytes) -> sealed.Sealed:
        return sealed.Sealed(header=b"0123456789abcdef", data=text, length=len(text))

    texts = (b"<s:Envelope/>", b"x" * 40_000)
    return tuple(
        sealed.pack(text, protocol, seal)[1] for text in texts for protocol in (sealed.SPNEGO, sealed.CREDSSP)
    )


def descriptors() -> tuple[bytes, ...]:
    """Return security descriptors: nobody is let in, one is, three are."""
    return b"", with_allowed(b"", _SIDS[:1]), with_allowed(b"", _SIDS)


def directory() -> tuple[bytes, ...]:
    """Return what a directory answers: a computer's account, a caller's, the end of a search and of a change."""
    computer = {
        "userAccountControl": (b"4096",), "dNSHostName": (b"hv1.lab.example",), "sAMAccountName": (b"HV1$",),
        "objectSid": (sid_bytes(_SIDS[1]),), "servicePrincipalName": (b"cifs/hv2", b"cifs/hv2.lab.example"),
        "msDS-AllowedToActOnBehalfOfOtherIdentity": (with_allowed(b"", _SIDS),), "objectClass": (b"top", b"computer"),
        "msDS-AllowedToDelegateTo": (b"cifs/hv2.lab.example",),
    }  # fmt: skip
    caller = {"userAccountControl": (b"512",), "tokenGroups": tuple(map(sid_bytes, _SIDS))}
    return (
        found(1, "CN=HV1,DC=lab,DC=example", computer),
        found(2, "CN=A,DC=lab,DC=example", caller),
        ended(3, cookie=b"next"),
        messages.bind_spnego(4, b"token"),
    )


_MOST_KEYS = rb"""connection: {auth: kerberos, ca: ca.pem, credentials: c.yaml, proxy: 'http://p:8080'}
hosts:
  hv1: {address: 'https://hv1.lab.example:5986/wsman', reserve: {memory: 8 GiB, disk: 10 GiB}, allow_vtpm: true}
  hv2: {address: hv2.lab.example, account: hv2.lab.example, away: {until: 2026-01-01, reason: x}}
directory: {server: 'ldaps://dc1.lab.example', auth: simple, credentials: d.yaml, ca: ca.pem}
guard: {max_moves: 3, protected: [A], freeze: [{from: '2026-12-24T12:00+01:00', until: '2027-01-02T06:00+01:00'}]}
rules: [{apart: [A, B]}, {together: [C, E]}]
vms:
  A: {host: hv1, storage: 'D:\A', id: 00000000-0000-4000-8000-000000000001}
  B: {host: [hv1, hv2]}
  C: {host: hv1, migration: {transport: smb}}
  E: {host: hv1}
  D: {host: hv2, storage: '\\fs\share\D'}
"""


def queries() -> tuple[bytes, ...]:
    """Return queries with every word and sign that the lab's WQL knows."""
    path = 'Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="a\\\\b"'
    texts = (
        "SELECT Name, __PATH FROM Msvm_ComputerSystem WHERE (Name LIKE '[^a-c]_%' OR NOT EnabledState >= -2.5e0) AND __this ISA 'CIM_System'",
        "SELECT * FROM Msvm_ComputerSystem WHERE 2 <> EnabledState AND Name != __SERVER AND Status IS NOT NULL AND Name < 'x\\'y'",
        "SELECT * FROM Msvm_ComputerSystem WHERE InstallDate > '20260401000000.000000+000' AND ElementName = TRUE OR Status = NULL",
        f"ASSOCIATORS OF {{{path}}} WHERE AssocClass = A ResultClass = B ResultRole = C Role = D RequiredQualifier = E KeysOnly",
        "REFERENCES OF {\\\\HV1\\root\\cimv2:Win32_Service='vmms'} WHERE ClassDefsOnly Role = A",
        "ASSOCIATORS OF {Win32_OperatingSystem=@}",
    )
    return tuple(text.encode() for text in texts)
