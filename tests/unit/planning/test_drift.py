"""Drift: what differs, who did it, and what nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from hyperv_placement.model.directory import DelegationPlan, DelegationSpec, MissingEntry
from hyperv_placement.model.estate import Inventory, MigrationJob
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.live_migration import HostMigration
from hyperv_placement.model.names import HostName
from hyperv_placement.model.others import Others
from hyperv_placement.model.stack import LiveMigration, Rule, Snooze, Stack, StorageSpec, VmSpec
from hyperv_placement.planning.drift import (
    AuditedMove,
    AuditedMoves,
    Drift,
    DriftKind,
    DriftReport,
    LeftBehind,
    Mover,
    PlannedCopy,
    Readings,
    drift_of,
)
from hyperv_placement.planning.drift.by_state import StateMoves, joined
from hyperv_placement.planning.plan import plan
from tests.answers import schema
from tests.estates import facts, guid, host, inventory, job, machine, spec, stack

NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
NAMES = {HostName(name): facts(name) for name in ("hv1", "hv2", "hv3")}
BEGUN, ENDED = "2026-12-01T02:57:00+00:00", "2026-12-01T02:58:00+00:00"


def report_of(declared: Stack, seen: Inventory, **readings: Any) -> DriftReport:
    """Return the drift of what was seen, by the plan that every run makes."""
    return drift_of(
        declared, seen, plan(declared, seen), Readings(**{"now": NOW, "names": NAMES, **readings})
    )


def only(declared: dict[str, VmSpec], seen: Inventory, **readings: Any) -> Drift:
    """Return the one drift."""
    (drift,) = report_of(stack(declared), seen, **readings).drifts
    return drift


def ended(number: int, destination: str | None, **more: Any) -> MigrationJob:
    """Return a migration that has ended well."""
    return replace(job(number, destination), state=7, percent=100, begun=BEGUN, changed=ENDED, **more)


def ours(host_name: str, **more: Any) -> AuditedMove:
    """Return our own move of VM001 to a host."""
    values: dict[str, Any] = {
        "vm_id": guid(1), "who": "placement", "time": "2026-11-01T00:00:00+00:00", "host": HostName(host_name),
        "config": "D:\\Hyper-V\\VM001", "job": "JOB-ours",
    }  # fmt: skip
    return AuditedMove(**{**values, **more})


def test_what_is_as_declared_is_no_drift() -> None:
    """Neither drift nor anything unknown."""
    found = report_of(stack(spec(1, "hv1")), inventory(host("hv1", machine(1)), host("hv2"), host("hv3")))
    assert (found.drifts, found.unknown, found.labels) == ((), (), ("VM001",))


def test_a_machine_elsewhere_is_told_with_the_job_that_took_it_there() -> None:
    """Owner and end of the host's job are who and when."""
    source = replace(host("hv1"), recent=(ended(1, "hv2.lab.example"),))
    drift = only(spec(1, "hv1"), inventory(source, host("hv2", machine(1, "hv2"))))
    assert (drift.kind, drift.subject, drift.text) == (
        DriftKind.PLACED,
        "VM001",
        "is on hv2, declared on hv1",
    )
    assert drift.mover == Mover(who="LAB\\operator", when=ENDED)


def test_the_last_job_that_leads_here_counts() -> None:
    """One to another host, one of storage alone, and an earlier one did not bring it."""
    jobs = (
        ended(1, "hv2", id="A", owner="LAB\\early"),
        replace(ended(1, "hv2", id="B", owner="LAB\\late"), changed="2026-12-01T02:59:00+00:00"),
        replace(ended(1, "hv3", id="C", owner="LAB\\other"), changed="2026-12-01T02:59:30+00:00"),
        replace(ended(1, None, id="D", owner="LAB\\storage"), changed="2026-12-01T02:59:40+00:00"),
    )
    seen = inventory(replace(host("hv1"), recent=jobs), host("hv2", machine(1, "hv2")), host("hv3"))
    assert only(spec(1, "hv1"), seen).mover == Mover(who="LAB\\late", when="2026-12-01T02:59:00+00:00")


def test_nobody_is_named_where_nobody_tells() -> None:
    """A host forgets its jobs after five minutes."""
    drift = only(spec(1, "hv1"), inventory(host("hv1"), host("hv2", machine(1, "hv2"))))
    assert drift.mover == Mover()


def test_a_machine_that_the_last_run_saw_there_need_not_have_been_moved() -> None:
    """After an edit of its entry nobody has: whom nothing records is not sought. A host's job counts before that."""
    declared, kept = (
        stack(spec(1, "hv1")),
        Kept(machines={"VM001": guid(1)}, places={guid(1): HostName("hv2")}),
    )
    seen = inventory(host("hv1"), host("hv2", machine(1, "hv2")))
    (drift,) = drift_of(declared, seen, plan(declared, seen, kept), Readings(now=NOW, names=NAMES)).drifts
    assert drift.text.startswith("is on hv2, declared on hv1; the last run saw it there already")
    assert drift.mover is None
    told = inventory(
        replace(host("hv1"), recent=(ended(1, "hv2.lab.example"),)), host("hv2", machine(1, "hv2"))
    )
    (drift,) = drift_of(declared, told, plan(declared, told, kept), Readings(now=NOW, names=NAMES)).drifts
    assert (drift.text, drift.mover) == (
        "is on hv2, declared on hv1", Mover(who="LAB\\operator", when=ENDED),
    )  # fmt: skip


def test_a_move_of_our_own_is_not_somebody_elses() -> None:
    """The stack file has changed since; the audit log says so, and knows the job where it is there yet."""
    seen = inventory(host("hv1"), host("hv2", machine(1, "hv2")))
    past = (ours("hv1"), ours("hv2"))
    assert only(spec(1, "hv1"), seen, past=AuditedMoves(moves=past)).mover == Mover(
        who="placement", when="2026-11-01T00:00:00+00:00", ours=True, by_log=True
    )
    source = replace(host("hv1"), recent=(ended(1, "hv2", id="JOB-ours"),))
    seen = inventory(source, host("hv2", machine(1, "hv2")))
    assert only(spec(1, "hv1"), seen, past=AuditedMoves(moves=past)).mover == Mover(
        who="placement", when=ENDED, ours=True
    )


def test_a_move_after_ours_is_somebody_elses() -> None:
    """We had left it on another host, or its files in another place: since then it was moved, by nobody knows whom."""
    seen = inventory(host("hv1"), host("hv2", machine(1, "hv2")))
    assert only(spec(1, "hv1"), seen, past=AuditedMoves(moves=(ours("hv1"),))).mover == Mover(
        after="2026-11-01T00:00:00+00:00"
    )
    seen = inventory(host("hv1", machine(1, folder="E:\\Other")))
    declared = spec(1, "hv1", storage="D:\\Hyper-V\\VM001")
    assert only(declared, seen, past=AuditedMoves(moves=(ours("hv1"),))).mover == Mover(
        after="2026-11-01T00:00:00+00:00"
    )
    there = only(declared, seen, past=AuditedMoves(moves=(ours("hv1", config="E:\\Other"),))).mover
    assert there is not None
    assert (there.ours, there.by_log) == (True, True)


def test_a_machine_under_way_is_told_with_who_moves_it() -> None:
    """Where it is declared yet, or on its way back: it is not where it was said, and somebody moves it now."""
    source = host("hv1", machine(1), jobs=(replace(job(1, "hv2"), begun=BEGUN),))
    drift = only(spec(1, "hv1"), inventory(source, host("hv2")))
    assert drift.kind == DriftKind.LEAVING
    assert drift.mover == Mover(who="LAB\\operator", when=BEGUN, running=True)
    assert "is being moved from hv1 to hv2 by LAB\\operator" in drift.text


def test_a_machine_in_place_that_is_only_checked_is_no_drift() -> None:
    """A preparation or a check moves nothing; of a machine elsewhere it is not who moves it."""
    checks = replace(job(1, "hv3"), job_type=304, begun=BEGUN)
    source = host("hv1", machine(1), jobs=(checks,))
    assert not report_of(stack(spec(1, "hv1")), inventory(source, host("hv2"), host("hv3"))).drifts
    elsewhere = host("hv2", machine(1, "hv2"), jobs=(checks,))
    assert only(spec(1, "hv1"), inventory(host("hv1"), elsewhere, host("hv3"))).mover == Mover()
    both = host("hv1", machine(1), jobs=(checks, replace(job(1, "hv2"), begun=BEGUN)))
    drift = only(spec(1, "hv1"), inventory(both, host("hv2"), host("hv3")))
    assert (drift.kind, drift.mover) == (
        DriftKind.LEAVING,
        Mover(who="LAB\\operator", when=BEGUN, running=True),
    )


def test_an_entry_that_cannot_be_compared_is_drift_of_its_own_kind() -> None:
    """It names a disk that the machine does not have: no file of it is known to be elsewhere."""
    drift = only(
        spec(1, "hv1", storage=StorageSpec(disks={"gone.vhdx": "E:\\x"})),
        inventory(host("hv1", machine(1)), host("hv2"), host("hv3")),
    )
    assert (drift.kind, drift.changes, drift.mover) == (DriftKind.UNCOMPARED, (), None)
    assert "gone.vhdx" in drift.text


def test_a_snooze_does_not_quiet_a_machine_that_is_missing_or_ambiguous() -> None:
    """Somebody knows that it is elsewhere, and not that it is gone, or that there are two."""
    declared = stack(spec(1, "hv1", snooze=Snooze(until=date(2026, 12, 24), reason="stays on hv2")))
    found = report_of(declared, inventory(host("hv1"), host("hv2"), host("hv3")))
    assert [drift.kind for drift in found.drifts] == [DriftKind.MISSING]
    twin = replace(machine(2, "hv2"), name="VM001")
    found = report_of(declared, inventory(host("hv1", machine(1)), host("hv2", twin), host("hv3")))
    assert [drift.kind for drift in found.drifts] == [DriftKind.AMBIGUOUS]
    assert not found.snoozed


def test_files_elsewhere_are_told_path_by_path() -> None:
    """The host is right, three folders and a disk are not."""
    source = replace(host("hv1", machine(1)), recent=(ended(1, None),))
    drift = only(spec(1, "hv1", storage="E:\\New"), inventory(source))
    assert drift.kind == DriftKind.FILES
    assert [change.property for change in drift.changes] == [
        "config",
        "checkpoints",
        "paging",
        "disks.scsi-0-0",
    ]
    assert drift.mover == Mover(who="LAB\\operator", when=ENDED)


def test_files_elsewhere_are_nobodys_who_moved_the_machine_alone() -> None:
    """Only a job that moves storage counts (306 both, 307 storage), and where it tells paths, those of the files in question."""
    there, new = machine(1, folder="D:\\Hyper-V\\VM001"), "D:\\Hyper-V\\VM001\\Virtual Hard Disks\\os.vhdx"
    declared = spec(1, "hv1", storage="E:\\New")

    def mover(*jobs: MigrationJob) -> Mover | None:
        return only(declared, inventory(replace(host("hv1", there), recent=jobs), host("hv2"))).mover

    named = Mover(who="LAB\\operator", when=ENDED)
    assert mover(ended(1, "hv1", job_type=305)) == Mover()
    assert mover(ended(1, "hv1")) == Mover()
    assert mover(ended(1, "hv1", job_type=306)) == named
    assert mover(ended(1, "hv2", job_type=306)) == Mover()
    assert mover(ended(1, None, job_type=307)) == named
    assert mover(ended(1, None, job_type=307, new_paths=("F:\\other.vhdx",))) == Mover()
    assert mover(ended(1, None, job_type=307, new_paths=("F:\\other.vhdx", new.upper()))) == named
    assert mover(ended(1, None, job_type=307, new_roots=("D:\\Hyper-V\\VM001\\", ""))) == named


def test_a_choice_of_hosts_is_named_whole() -> None:
    """Any of them would do; on one of them there is no drift."""
    seen = inventory(host("hv1"), host("hv2"), host("hv3", machine(1, "hv3")))
    assert only(spec(1, "hv1", "hv2"), seen).text == "is on hv3, declared on any of hv1, hv2"
    assert not report_of(stack(spec(1, "hv1", "hv3")), seen).drifts


def test_a_rule_that_is_broken_is_drift_with_its_reason() -> None:
    """The host alone would do; the rule makes it go."""
    declared = {**spec(1, "hv1"), **spec(2, "hv1", "hv2")}
    rules = (Rule(kind="apart", labels=("VM001", "VM002"), line=7),)
    seen = inventory(host("hv1", machine(1), machine(2)), host("hv2"))
    (drift,) = report_of(stack(declared, hosts=("hv1", "hv2"), rules=rules), seen).drifts
    assert drift.subject == "VM002"
    assert drift.reason


def test_a_machine_that_no_entry_means_is_told_and_a_replica_is_not() -> None:
    """A replica is a copy that no entry can mean."""
    extra = replace(machine(9, "hv2"), name="<b>")
    copy = replace(machine(8, "hv2"), replication_mode=2)
    seen = inventory(host("hv1", machine(1)), host("hv2", extra, copy))
    drift = only(spec(1, "hv1"), seen)
    assert (drift.kind, drift.subject, drift.host, drift.mover) == (DriftKind.UNDECLARED, "<b>", "hv2", None)


def test_missing_is_said_only_where_every_host_answers() -> None:
    """With one silent host it is unknown, never gone, and no drift."""
    assert only(spec(1, "hv1"), inventory(host("hv1"), host("hv2"), host("hv3"))).kind == DriftKind.MISSING
    found = report_of(stack(spec(1, "hv1")), inventory(host("hv1"), silent=("hv2",)))
    assert not found.drifts
    assert [(each.subject, each.is_machine) for each in found.unknown] == [("hv2", False), ("VM001", True)]
    assert "missing" not in str(found)


def test_a_name_decides_of_drift_only_where_every_host_answers() -> None:
    """A namesake may be seen while the machine that is meant is on the silent host; a GUID leaves no doubt."""
    for silent in ("hv1", "hv3"):
        answering = [name for name in ("hv1", "hv2", "hv3") if name != silent]
        seen = inventory(
            *(host(name, *([machine(1, "hv2")] if name == "hv2" else [])) for name in answering),
            silent=(silent,),
        )
        found = report_of(stack(spec(1, "hv1")), seen)
        assert not found.drifts
        assert [each.subject for each in found.unknown if each.is_machine] == ["VM001"]
        assert silent in found.unknown[-1].text
        (drift,) = report_of(stack(spec(1, "hv1", id=guid(1))), seen).drifts
        assert (drift.kind, drift.subject) == (DriftKind.PLACED, "VM001")


def test_a_machine_in_place_by_its_name_is_no_drift_while_another_host_is_silent() -> None:
    """As in every plan; with a file elsewhere it is unknown whether it is the one that is meant."""
    seen = inventory(host("hv1", machine(1)), host("hv2"), silent=("hv3",))
    found = report_of(stack(spec(1, "hv1")), seen)
    assert (found.drifts, [each.subject for each in found.unknown]) == ((), ["hv3"])
    found = report_of(stack(spec(1, "hv1", storage="E:\\New")), seen)
    assert (found.drifts, [each.subject for each in found.unknown]) == ((), ["hv3", "VM001"])


def test_two_machines_of_one_name_are_ambiguous_and_not_undeclared() -> None:
    """Which of them is meant, a person must say."""
    twin = replace(machine(2, "hv2"), name="VM001")
    drift = only(spec(1, "hv1"), inventory(host("hv1", machine(1)), host("hv2", twin)))
    assert (drift.kind, drift.subject) == (DriftKind.AMBIGUOUS, "VM001")


def test_settings_of_hosts_are_compared_as_the_resource_compares_them() -> None:
    """Only what is declared; a host whose settings cannot be read is unknown."""
    declared = stack(spec(1, "hv1"), live_migration=LiveMigration(live_limit=4, enabled=True))
    actual = HostMigration(
        enabled=True, authentication="kerberos", live_limit=2, storage_limit=2, performance="smb", networks=()
    )
    seen = inventory(host("hv1", machine(1)), host("hv2"), host("hv3"))
    settings = {HostName("hv1"): actual, HostName("hv2"): "timed out"}
    found = report_of(declared, seen, settings=settings)
    (drift,) = found.drifts
    assert (drift.kind, drift.subject, drift.text) == (
        DriftKind.SETTINGS,
        "hv1",
        "liveLimit is 2, declared 4",
    )
    assert [each.subject for each in found.unknown] == ["hv2"]


def test_delegation_that_the_directory_lacks_is_drift() -> None:
    """A directory that does not answer is unknown."""
    entry = MissingEntry(source=HostName("hv1"), destination="hv2", entry="cifs/hv2")
    delegation = DelegationPlan(
        spec=DelegationSpec(hosts=(HostName("hv1"), HostName("hv2"))),
        missing={HostName("hv1"): (entry,)},
        findings=(Finding.warning("host-account-unfit", "hv2 has no account"),),
    )
    seen = inventory(host("hv1", machine(1)), host("hv2"), host("hv3"))
    found = report_of(stack(spec(1, "hv1")), seen, delegation=delegation)
    (drift,) = found.drifts
    assert (drift.kind, drift.subject) == (DriftKind.DELEGATION, "hv1")
    assert drift.text == "the directory lacks hv1 -> hv2: cifs/hv2"
    assert [each.text for each in found.unknown] == ["hv2 has no account"]


def test_a_snooze_quiets_to_the_end_of_its_day_and_is_said_when_it_has_ended() -> None:
    """What is snoozed is told and does not count."""
    seen = inventory(host("hv1"), host("hv2", machine(1, "hv2")), host("hv3"))
    for until, quiet in ((date(2026, 12, 1), True), (date(2026, 11, 30), False)):
        declared = stack(spec(1, "hv1", snooze=Snooze(until=until, reason="new disks")))
        found = report_of(declared, seen)
        assert [drift.subject for drift in (found.snoozed if quiet else found.drifts)] == ["VM001"]
        assert len(found.drifts) + len(found.snoozed) == 1
        assert [each.label for each in found.ended] == ([] if quiet else ["VM001"])


def test_a_snooze_does_not_keep_a_run_from_moving() -> None:
    """It is about what counts: what is moved, and when, is the same."""
    seen = inventory(host("hv1"), host("hv2", machine(1, "hv2")), host("hv3"))
    asleep = spec(1, "hv1", snooze=Snooze(until=date(2027, 1, 1), reason="new disks"))
    quiet, loud = plan(stack(asleep), seen), plan(stack(spec(1, "hv1")), seen)
    assert (quiet.moves, quiet.schedule) == (loud.moves, loud.schedule)
    assert len(quiet.moves) == 1


def test_a_job_leads_here_by_what_the_host_calls_itself() -> None:
    """Its label in the stack file may be another; where its names are not known nobody is named."""
    source = replace(host("hv1"), recent=(ended(1, "node7.corp"),))
    seen = inventory(source, host("hv2", machine(1, "hv2")))
    named = {HostName("hv2"): facts("hv2", full_name="NODE7.corp", computer_name="NODE7")}
    assert only(spec(1, "hv1"), seen, names=named).mover == Mover(who="LAB\\operator", when=ENDED)
    assert only(spec(1, "hv1"), seen).mover == Mover()
    assert only(spec(1, "hv1"), seen, names={}).mover == Mover()


def test_a_planned_copy_of_somebody_elses_machine_is_no_drift_of_ours() -> None:
    """Nor is that machine; both are where no key says of any."""
    seen = inventory(host("hv1", machine(1), machine(2)), host("hv2"), host("hv3"))
    left = LeftBehind(planned=(PlannedCopy(host=HostName("hv2"), vm_id=guid(2)),), unread={})
    declared = stack(spec(1, "hv1"))
    theirs = replace(declared, others=(Others(names=("VM002",)),), has_others=True)
    kinds = [
        [each.kind for each in drift_of(each, seen, plan(each, seen), Readings(now=NOW), left).drifts]
        for each in (declared, theirs)
    ]
    assert kinds == [[DriftKind.UNDECLARED, DriftKind.LEFT_BEHIND], []]


def test_a_run_of_another_computer_is_ours_by_the_state() -> None:
    """Its job names the account that we log on with; the audit log of that run lies elsewhere, and the state names who it was."""
    source = replace(host("hv1"), recent=(ended(1, "hv2", id="JOB-ours"),))
    seen = inventory(source, host("hv2", machine(1, "hv2")), host("hv3"))
    assert only(spec(1, "hv1"), seen).mover == Mover(who="LAB\\operator", when=ENDED)
    state = StateMoves(moves=(ours("hv2", who="runner (for alice)", time=ENDED),))
    past = joined(AuditedMoves(), state)
    assert only(spec(1, "hv1"), seen, past=past).mover == Mover(
        who="runner (for alice)", when=ENDED, ours=True
    )
    # Five minutes later no host has the job.
    forgotten = inventory(host("hv1"), host("hv2", machine(1, "hv2")), host("hv3"))
    assert only(spec(1, "hv1"), forgotten, past=past).mover == Mover(
        who="runner (for alice)", when=ENDED, ours=True, by_log=True
    )


def test_a_move_of_log_and_state_is_one() -> None:
    """By its job, or where one of them has none by its end; a state that did not answer is said."""
    log = AuditedMoves(moves=(ours("hv2", who="root", time=BEGUN),))
    same = StateMoves(moves=(ours("hv2", time=ENDED),), unread=("web did not answer: no passphrase",))
    assert joined(log, same) == replace(log, state_unread=same.unread)
    assert joined(log, StateMoves(moves=(ours("hv2", time=ENDED, job=""),))) == log
    earlier = ours("hv3", time="2026-10-01T00:00:00+00:00", job="JOB-0")
    assert joined(log, StateMoves(moves=(earlier,))).moves == (earlier, *log.moves)
    found = report_of(stack(spec(1, "hv1")), inventory(host("hv1", machine(1))), past=joined(log, same))
    assert found.notes == (
        "whether a run from another computer has moved something is not known: the state of web did not answer: no passphrase",
    )


def test_the_schema_of_the_answer_has_every_kind() -> None:
    """In the order in which the first line counts them."""
    kinds = schema("shared")["$defs"]["drift"]["properties"]["kind"]["enum"]
    assert kinds == [str(kind) for kind in DriftKind]
