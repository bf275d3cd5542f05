"""What has to be true after each round, by the lab's own account and by the files of the run; each a function of its own."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.world.jobs import STAGED
from lab.world.objects import OFF, STOPPING

from .place import STACK
from .processes import Run
from .scene import Scene

MEMORY = 160 << 20
"""Bytes that the plugin may have at most; 97 MiB were seen."""
_PERSON = "operator"
_ENGINE_SAYS = (
    "is currently locked", "unexpected end of JSON input", "No space left on device", "no space left on device",
    "Read-only file system", "read-only file system", "No host could be read", "credentials", "stacks/", "update canceled",
)  # fmt: skip
"""Causes that are no machine's and no host's."""
_KILLS_BELOW = frozenset({"kill-plugin", "kill-program", "kill-language-host"})
_OF_KILLED = (
    "could not read plugin", "error reading from server: EOF", "connection refused", "connection reset", "program exited with non-zero exit code",
)  # fmt: skip
"""What the engine says of the whole stack where one of its own processes was killed."""
_PART = re.compile(r"\s+\d+\) ")
"""One of several errors that the engine shows as one."""
_ENDS = frozenset({"end", "refused", "found"})


def deleted(scene: Scene) -> set[str]:
    """Return the GUIDs of machines that somebody has deleted."""
    return scene.meddled("deleted")


def realized_once(scene: Scene) -> Iterator[str]:
    """Every machine that nobody has deleted is realized on exactly one host, and none that somebody has deleted.

    Of one whose source had stayed as well somebody has deleted one of two.
    """
    found = Counter(vm.id for vm in scene.lab.vms())
    gone, copied = deleted(scene), "source-stays" in scene.case.kinds()
    for each in scene.machines.values():
        of_deleted = {0, 1} if copied else {0}
        if found[each.id] not in (of_deleted if each.id in gone else {1}):
            yield f"{each.label} is realized {found[each.id]} times"


def state_kept(scene: Scene) -> Iterator[str]:
    """Every machine is in the state that it was in, or in that into which somebody has brought it."""
    off = scene.meddled("turned off", "turned-off")
    for vm in scene.lab.vms():
        was = scene.machines[vm.id]
        if vm.enabled_state != was.state and not (vm.id in off and vm.enabled_state in (OFF, STOPPING)):
            yield f"{was.label} is in state {vm.enabled_state}, it was {was.state}"


def network_kept(scene: Scene) -> Iterator[str]:
    """Every adapter is connected to a switch of the name that it was connected to."""
    for vm in scene.lab.vms():
        was, now = scene.machines[vm.id].switches, tuple(nic.switch for nic in vm.nics)
        if now != was:
            yield f"{vm.name} is connected to {now}, it was {was}"


def disks_kept(scene: Scene) -> Iterator[str]:
    """Every disk, those of checkpoints included, has the contents that it had."""
    for vm in scene.lab.vms():
        was, now = scene.machines[vm.id].sums, scene.lab.sums(vm)
        if now != was:
            yield f"{vm.name} has disks {now}, they were {was}"


def ordered_once(scene: Scene) -> Iterator[str]:
    """No order of ours is accepted where the one before has brought the machine there, and nobody has taken it away since."""
    orders: dict[tuple[str, str], int] = {}
    for event, fields in scene.lab.events:
        key = str(fields.get("id")), str(fields.get("to"))
        if event in ("person", "meddled") or (event == "start" and str(fields["by"]).endswith(_PERSON)):
            orders = {each: count for each, count in orders.items() if each[0] != fields["id"]}
        elif event == "start" and fields["type"] != STAGED:
            orders = {each: count for each, count in orders.items() if each[0] != key[0] or each == key}
            orders[key] = orders.get(key, 0) + 1
            if orders[key] > 1 and fields["from"] != fields["to"]:
                yield f"{fields['vm']} was ordered to {fields['to']} again, having gone there"
        elif event == "end" and fields["from"] != fields["to"] and not fields["arrived"]:
            orders.pop(key, None)


def no_planned_left(scene: Scene) -> Iterator[str]:
    """No planned machine is left but those that a run or the recovery has named."""
    for host in scene.lab.world.hosts.values():
        for vm in host.planned.values():
            if not named(scene, vm.id, host.name, "planned"):
                yield f"{host.name} has a planned {vm.name}, and no line says so"


def named(scene: Scene, vm: str, host: str, *words: str) -> bool:
    """Say whether a line that a run or the recovery has printed names a machine, a host and one of some words."""
    label = scene.machines[vm].label
    lines = (
        line for path in scene.folder.glob("*.log") for line in path.read_text(errors="replace").splitlines()
    )
    return any(label in line and host in line and any(word in line for word in words) for line in lines)


def no_jobs(scene: Scene) -> Iterator[str]:
    """No job is at work any more."""
    for name in scene.lab.running():
        yield f"a job is at work on {name}"


def no_violations(scene: Scene) -> Iterator[str]:
    """Nothing has happened at a host that must not, but what others, or the disturbance itself, have done."""
    gone, copied = deleted(scene), "source-stays" in scene.case.kinds()
    # A person may be faster between our last look and our order, which is refused then.
    theirs = {
        str(fields["job"])
        for event, fields in scene.lab.events
        if event == "start" and str(fields["by"]).endswith(_PERSON)
    }
    for each in scene.lab.world.state.violations:
        itself = any(named in each["what"] for named in (*gone, *theirs)) or (
            copied and "is realized on 2 hosts" in each["what"]
        )
        if not itself and not each["who"].endswith(_PERSON):
            yield f"{each['what']} ({each['who']})"


def audit_tells_ends(scene: Scene) -> Iterator[str]:
    """Every start has its end in the audit log; of a machine that is gone nobody knows it."""
    last: dict[str, Mapping[str, Any]] = {}
    for entry in audited(scene):
        if entry.get("event") in ("start", "adopted"):
            last[str(entry["id"])] = entry
        elif entry.get("event") in _ENDS:
            last.pop(str(entry.get("id")), None)
    gone = deleted(scene)
    for vm, entry in last.items():
        if vm.upper() not in gone:
            yield f"the start of {entry['vm']} at {entry['time']} has no end"


def audited(scene: Scene) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of the audit log that can be read."""
    path = scene.place.state / "audit" / f"{STACK}.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            entry = json.loads(line)
        except ValueError:  # torn by a kill or a full disk; the next line says so
            continue
        if isinstance(entry, dict):
            yield entry


def state_is_readable(scene: Scene) -> Iterator[str]:
    """The file of the stack's state is whole, with nothing pending and no lock left."""
    path = state_file(scene)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        yield f"{path.name}: {error}"
        return
    if pending := content.get("checkpoint", {}).get("latest", {}).get("pending_operations"):
        yield f"pending operations are left: {[each['type'] for each in pending]}"
    locks = [
        each.name
        for each in (scene.place.state / "locks").rglob("*")
        if each.is_file() and each.parent.name == STACK
    ]
    if locks:
        yield f"locks are left: {locks}"


def state_file(scene: Scene) -> Path:
    """Return the file in which the engine keeps the stack."""
    return scene.place.state / "stacks" / "hyperv-placement" / f"{STACK}.json"


def half_done(scene: Scene, code: int) -> Iterator[str]:
    """After a recovery that ended with 0 nothing of ours is half done; it ends with 0, 1 or 2."""
    if code not in (0, 1, 2):
        yield f"it ended with {code}"
    if code == 0:
        yield from state_is_readable(scene)
        with scene.lab.world.lock:
            jobs = [
                job for job in scene.lab.world.state.jobs if job.running and not job.owner.endswith(_PERSON)
            ]
            yield from (f"it ended with 0, and {job.vm_name} still moves" for job in jobs)


def memory_is_flat(scene: Scene) -> Iterator[str]:
    """No plugin has grown beyond what one needs."""
    for run in (*scene.runs, *scene.beside):
        for pid, most in run.peak.items():
            if most > MEMORY:
                yield f"the plugin {pid} had {most >> 20} MiB"


def last_lines_say_why(scene: Scene) -> Iterator[str]:
    """A run that failed, and was not killed, names a machine, a host or the file, and the cause, in its last lines."""
    for run in (*scene.runs, *scene.beside):
        if run.process.poll() not in (0, None) and not run.killed and (why := _unclear(scene, run)):
            yield f"{run.log.name}: {why}"


def _unclear(scene: Scene, run: Run) -> str:
    """Return what is missing in the last words of a run that failed; empty where nothing is."""
    text = run.text()
    kinds = set(scene.case.kinds())
    if "Traceback" in text and not _KILLS_BELOW & kinds:  # Pulumi's own executor shows one then
        return "a traceback"
    if "A bug of" in text:
        return "a bug of ours"
    names = (*(each.label for each in scene.machines.values()), *scene.lab.world.hosts, *_ENGINE_SAYS)
    names = (*names, *(_OF_KILLED if _KILLS_BELOW & kinds else ()))
    errors = list(errors_of(text))
    if any(name in error for error in errors for name in names):
        return ""
    return f"neither machine nor cause: {errors or text.splitlines()[-3:]}"


def errors_of(text: str) -> Iterator[str]:
    """Yield each error of the engine's last words, with the line above it that says whose it is, and those below that say of what it is made.

    The summary is none.
    """
    owner = error = ""
    for line in text.rpartition("Diagnostics:")[2].splitlines():
        if error and _PART.match(line):
            error = f"{error} {line.strip()}"
            continue
        if error:
            yield error
            error = ""
        if line.startswith("  ") and line.rstrip().endswith("):"):
            owner = line.strip()
        elif "error: " in line and "update failed" not in line and "preview failed" not in line:
            error = f"{owner} {line.strip()}"
    if error:
        yield error


def unreached(scene: Scene) -> list[str]:
    """Return what is not as declared now, by the lab's account."""
    found = []
    drained = {each["host"] for each in scene.declared.get("maintenance", ())}
    now = {vm.id: vm for vm in scene.lab.vms()}
    for label, entry in scene.declared["vms"].items():
        vm = now.get(scene.label(label))
        hosts = [entry["host"]] if isinstance(entry["host"], str) else entry["host"]
        hosts = [host for host in hosts if host not in drained]
        storage = entry.get("storage", "").casefold()
        if vm is None or vm.host not in hosts:
            found.append(f"{label} is on {vm.host if vm else 'no host'}, not {' or '.join(hosts)}")
        elif storage and not all(disk.path.casefold().startswith(storage) for disk in vm.disks):
            found.append(f"{label} has {', '.join(disk.path for disk in vm.disks)}, not in {storage}")
    return found


def undeclared_stay(scene: Scene) -> Iterator[str]:
    """What the stack does not declare, as a role of a cluster, is where it was."""
    for vm in scene.lab.vms():
        was = scene.machines[vm.id]
        if was.label not in scene.case.start.before["vms"] and vm.host != was.host:
            yield f"{was.label} is on {vm.host}, it was on {was.host}, and nothing declares it"


def declared_is_reached(scene: Scene) -> Iterator[str]:
    """In the end everything is as declared."""
    yield from unreached(scene)


AFTERWARDS: Sequence[Callable[[Scene], Iterator[str]]] = (
    realized_once, state_kept, network_kept, disks_kept, ordered_once, no_planned_left, no_jobs, no_violations,
    audit_tells_ends, state_is_readable, memory_is_flat, last_lines_say_why, undeclared_stay, declared_is_reached,
)  # fmt: skip
