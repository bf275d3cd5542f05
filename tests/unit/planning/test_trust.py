"""Changes of trust: every key of the schema is classified, effective values count, a guard that is loosened is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.trust.changed import removal, trust_changes
from hyperv_placement.planning.trust.model import Aspect, Trust, TrustChange
from hyperv_placement.report.trust_text import trust_line
from hyperv_placement.stackfile import load_text
from hyperv_placement.stackfile.schema import STACK_SCHEMA

PATH = Path("stacks/bank.yaml")


def stack(content: Mapping[str, Any]) -> Stack:
    """Return what a stack file with this content declares."""
    return load_text(yaml.safe_dump(content, sort_keys=False).encode("utf-8"), PATH, PATH)


def bank() -> dict[str, Any]:
    """Return an estate in which every section is declared."""
    return {
        "connection": {"auth": "ntlm", "ca": "corp.pem", "credentials": "../.secrets/hyperv.yaml"},
        "hosts": {name: {"address": f"{name}.corp.example"} for name in ("hv1", "hv2", "hv3")},
        "vms": {
            "SQL01": {"host": "hv1", "storage": {"disks": {"os.vhdx": {"path": "D:\\SQL01\\os.vhdx"}}}},
            "WEB01": {"host": ["hv2", "hv1"]},
        },
        "directory": {"server": "ldaps://dc1.corp.example"},
        "delegation": {"hosts": ["hv1", "hv2"]},
        "guard": {"max_moves": 50, "protected": ["SQL01"]},
    }


def put(content: dict[str, Any], way: str, value: object) -> dict[str, Any]:
    """Return a copy with another value at `way`; None takes the key away."""
    copy: dict[str, Any] = json.loads(json.dumps(content))
    *folders, last = way.split("/")
    place = copy
    for name in folders:
        place = place.setdefault(name, {})
    if value is None:
        place.pop(last, None)
    else:
        place[last] = value
    return copy


ONCE = {"from": "2026-12-24T12:00+01:00", "until": "2027-01-02T06:00+01:00"}
WEEKLY = {"weekly": "fri 18:00 - mon 06:00", "timezone": "Europe/Berlin"}
OFTEN = {"weekly": "fri 18:00 - mon 05:00", "timezone": "Europe/Berlin"}
HELD = {"host": "hv1", "until": "2026-12-01", "reason": "x"}
NIGHT = {"daily": "22:00 - 06:00", "timezone": "Europe/Berlin"}
MORE_NIGHT = {"daily": "21:00 - 06:00", "timezone": "Europe/Berlin"}
FEW, MANY = {**NIGHT, "copies": 2}, {**NIGHT, "copies": 4}
NEVER, ALWAYS, UP, DOWN = (
    frozenset[str](),
    frozenset({"up", "down"}),
    frozenset({"up"}),
    frozenset({"down"}),
)
"""When a change of a key counts as one of trust: `up` from the first value to the second, `down` back."""
KEYS: dict[str, tuple[str, Any, Any, frozenset[str]]] = {
    "connection.auth": ("connection/auth", "ntlm", "kerberos", ALWAYS),
    "connection.credentials": ("connection/credentials", "a.yaml", "b.yaml", ALWAYS),
    "connection.ca": ("connection/ca", "corp.pem", "x.pem", ALWAYS),
    "connection.kerberos_host": ("hosts/hv1/connection/kerberos_host", "hv1.corp.example", "x.evil.example", ALWAYS),
    "connection.proxy": ("connection/proxy", None, "http://proxy.evil.example:3128", ALWAYS),
    "hosts.NAME.address": ("hosts/hv1/address", "hv1.corp.example", "hv1.evil.example", ALWAYS),
    "hosts.NAME.account": ("hosts/hv1/account", "HV1", "DC1", ALWAYS),
    "hosts.NAME.full_name": ("hosts/hv1/full_name", "hv1.dc.corp.example", "dc1.corp.example", ALWAYS),
    "hosts.NAME.storage.NAME": ("hosts/hv1/storage/fast", "D:\\V", "E:\\V", NEVER),
    "hosts.NAME.bandwidth": ("hosts/hv1/bandwidth", "10 Gbit/s", "25 Gbit/s", NEVER),
    "hosts.NAME.window": ("hosts/hv1/window", None, [NIGHT], DOWN),
    "hosts.NAME.limits": ("hosts/hv1/limits", [FEW], [MANY], NEVER),
    "hosts.NAME.reserve.memory": ("hosts/hv1/reserve/memory", "8 GiB", "4 GiB", NEVER),
    "hosts.NAME.reserve.disk": ("hosts/hv1/reserve/disk", "10 %", "5 %", NEVER),
    "hosts.NAME.away.until": ("hosts/hv1/away", None, {"until": "2026-12-01", "reason": "x"}, NEVER),
    "hosts.NAME.away.reason": ("hosts/hv1/away", {"until": "2026-12-01", "reason": "y"}, {"until": "2026-12-01", "reason": "x"}, NEVER),
    "hosts.NAME.allow_vtpm": ("hosts/hv1/allow_vtpm", False, True, ALWAYS),
    "vms.NAME.id": ("vms/WEB01/id", None, "6a1f0c5e-3d52-4a8b-9c1e-0f2b7d94e8a3", NEVER),
    "vms.NAME.name": ("vms/WEB01/name", None, "web", NEVER),
    "vms.NAME.host": ("vms/WEB01/host", "hv2", "hv1", NEVER),
    "vms.NAME.window": ("vms/WEB01/window", None, [NIGHT], DOWN),
    "vms.NAME.snooze.until": ("vms/WEB01/snooze", None, {"until": "2026-12-01", "reason": "x"}, NEVER),
    "vms.NAME.snooze.reason": ("vms/WEB01/snooze", {"until": "2026-12-01", "reason": "y"}, {"until": "2026-12-01", "reason": "x"}, NEVER),
    "liveMigration.enabled": ("live_migration/enabled", False, True, NEVER),
    "liveMigration.authentication": ("live_migration/authentication", "kerberos", "credssp", ALWAYS),
    "liveMigration.live_limit": ("live_migration/live_limit", 2, 4, NEVER),
    "liveMigration.storage_limit": ("live_migration/storage_limit", 2, 4, NEVER),
    "liveMigration.performance": ("live_migration/performance", "tcpip", "smb", NEVER),
    "liveMigration.networks": ("live_migration/networks", ["10.0.1.0/24"], "any", ALWAYS),
    "migration.transport": ("migration/transport", "tcp", "smb", NEVER),
    "migration.compression": ("migration/compression", False, True, NEVER),
    "migration.networks": ("migration/networks", ["10.0.0.0/24"], ["10.0.1.0/24"], NEVER),
    "migration.retain_vhd_copies_on_source": ("migration/retain_vhd_copies_on_source", False, True, NEVER),
    "migration.avoid_removing_vhds": ("migration/avoid_removing_vhds", False, True, NEVER),
    "migration.cancel_if_blackout_threshold_exceeded": ("migration/cancel_if_blackout_threshold_exceeded", False, True, NEVER),
    "migration.cpu_cap": ("migration/cpu_cap", "low", "high", NEVER),
    "migration.check": ("migration/check", None, "staged", NEVER),
    "migration.parents": ("migration/parents", None, "copy", NEVER),
    "parts.folder": ("vms/WEB01/storage", {"folder": "D:\\W"}, {"folder": "D:\\V"}, NEVER),
    "parts.config": ("vms/WEB01/storage/config", "D:\\W", "D:\\V", NEVER),
    "parts.checkpoints": ("vms/WEB01/storage/checkpoints", "D:\\W", "D:\\V", NEVER),
    "parts.paging": ("vms/WEB01/storage/paging", "D:\\W", "D:\\V", NEVER),
    "parts.disks": ("vms/WEB01/storage/disks", "D:\\W", "\\\\fs.evil.example\\vms", UP),  # the way back to a local folder names no server
    "parts.layout": ("vms/WEB01/storage", {"folder": "D:\\W", "layout": "hyper-v"}, {"folder": "D:\\W", "layout": "flat"}, NEVER),
    "disk.path": ("vms/SQL01/storage/disks/os.vhdx/path", "D:\\SQL01\\os.vhdx", "E:\\SQL01\\os.vhdx", NEVER),
    "disk.overwrite": ("vms/SQL01/storage/disks/os.vhdx/overwrite", False, True, UP),
    "rules": ("rules", None, [{"apart": ["SQL01", "WEB01"]}], NEVER),
    "rule.apart": ("rules", None, [{"apart": ["SQL01", "WEB01"]}], NEVER),
    "rule.together": ("rules", None, [{"together": ["SQL01", "WEB01"]}], NEVER),
    "rule.within.vms": ("rules", None, [{"within": {"vms": ["SQL01"], "hosts": ["hv1"]}}], NEVER),
    "rule.within.hosts": ("rules", None, [{"within": {"vms": ["SQL01"], "hosts": ["hv1", "hv2"]}}], NEVER),
    "rule.one_at_a_time": ("rules", None, [{"one_at_a_time": ["SQL01", "WEB01"]}], NEVER),
    "one_at_a_time": ("one_at_a_time", None, ["SQL01", "WEB01"], NEVER),
    "balance.by": ("balance/by", "memory", ["memory", "processors"], NEVER),
    "balance.threshold": ("balance/threshold", "5 %", "10 %", NEVER),
    "vms.NAME.prefer": ("vms/WEB01/prefer", None, "hv1", NEVER),
    "window": ("window", [MORE_NIGHT], [NIGHT], DOWN),
    "limits": ("limits", [FEW], [MANY], NEVER),
    "limit.from": ("limits", [{**ONCE, "copies": 2}], [{**ONCE, "copies": 2, "from": "2026-12-20T12:00+01:00"}], NEVER),
    "limit.until": ("limits", [{**ONCE, "copies": 2}], [{**ONCE, "copies": 2, "until": "2027-01-03T06:00+01:00"}], NEVER),
    "limit.weekly": ("limits", [{**WEEKLY, "copies": 2}], [{**OFTEN, "copies": 2}], NEVER),
    "limit.daily": ("limits", [FEW], [{**FEW, "daily": "22:00 - 05:00"}], NEVER),
    "limit.timezone": ("limits", [FEW], [{**FEW, "timezone": "UTC"}], NEVER),
    "limit.reason": ("limits", [FEW], [{**FEW, "reason": "backup"}], NEVER),
    "limit.copies": ("limits", [FEW], [MANY], NEVER),
    "limit.bandwidth": ("limits", [{**NIGHT, "bandwidth": "1 Gbit/s"}], [{**NIGHT, "bandwidth": "2 Gbit/s"}], NEVER),
    "rule.n_plus_1": ("rules", None, [{"n_plus_1": ["hv1", "hv2"]}], NEVER),
    "maintenance": ("maintenance", None, ["hv3"], NEVER),
    "maintenanceEntry.host": ("maintenance", None, [{"host": "hv3"}], NEVER),
    "maintenanceEntry.until": ("maintenance", [{"host": "hv3", "until": "2026-12-01"}], ["hv3"], NEVER),
    "maintenanceEntry.reason": ("maintenance", ["hv3"], [{"host": "hv3", "reason": "firmware"}], NEVER),
    "maintenanceEntry.to": ("maintenance", ["hv3"], [{"host": "hv3", "to": ["hv1"]}], NEVER),
    "hold": ("hold", [HELD], None, UP),
    "hold.host": ("hold", [HELD], [{**HELD, "host": "hv2"}], ALWAYS),
    "hold.vm": ("hold", [{"vm": "SQL01", "until": "2026-12-01", "reason": "x"}], None, UP),
    "hold.until": ("hold", [HELD], [{**HELD, "until": "2026-11-30"}], UP),
    "hold.reason": ("hold", [HELD], [{**HELD, "reason": "y"}], NEVER),
    "others": ("others", None, ["SQL*"], NEVER),
    "othersEntry.names": ("others", [{"names": ["SQL*"]}], [{"names": ["*"]}], NEVER),
    "othersEntry.siblings": ("others", ["SQL*"], ["SQL*", {"siblings": True}], NEVER),
    "othersEntry.until": ("others", [{"names": ["SQL*"], "until": "2026-12-01"}], [{"names": ["SQL*"]}], NEVER),
    "othersEntry.reason": ("others", [{"names": ["SQL*"]}], [{"names": ["SQL*"], "reason": "the team of databases"}], NEVER),
    "timezone": ("timezone", None, "Europe/Berlin", NEVER),
    "audit": ("audit", "required", None, UP),
    "bystanders": ("bystanders", None, "allow", UP),
    "delegation_wait": ("delegation_wait", "15 min", 0, NEVER),
    "on_cancel": ("on_cancel", "leave", "abort", NEVER),
    "wait_for_activity": ("wait_for_activity", "2 h", 0, NEVER),
    "directory.server": ("directory/server", "ldaps://dc1.corp.example", "ldaps://dc.evil.example", ALWAYS),
    "directory.auth": ("directory", {"server": "ldaps://dc1", "credentials": "d.yaml"}, {"server": "ldaps://dc1", "credentials": "d.yaml", "auth": "simple"}, ALWAYS),
    "directory.credentials": ("directory/credentials", None, "d.yaml", ALWAYS),
    "directory.ca": ("directory/ca", "corp.pem", "x.pem", ALWAYS),
    "directory.kerberos_host": ("directory/kerberos_host", None, "dc.evil.example", ALWAYS),
    "delegation.hosts": ("delegation/hosts", ["hv1", "hv2"], "all", ALWAYS),
    "delegation.mode": ("delegation/mode", "protocol-transition", "constrained", ALWAYS),
    "delegation.shares": ("delegation/shares", ["fs1.corp.example"], ["fs.evil.example"], ALWAYS),
    "delegation.on_delete": ("delegation/on_delete", "keep", "remove", ALWAYS),
    "guard.max_moves": ("guard/max_moves", 50, 500, UP),
    "guard.max_bytes": ("guard/max_bytes", "2 TiB", "3 TiB", UP),
    "guard.max_hosts": ("guard/max_hosts", 8, 9, UP),
    "guard.max_failures": ("guard/max_failures", 3, 4, UP),
    "guard.freeze": ("guard/freeze", None, [WEEKLY], DOWN),
    "guard.window": ("guard/window", None, [NIGHT], DOWN),
    "guard.protected": ("guard/protected", ["SQL01"], ["SQL01", "WEB01"], DOWN),
    "guard.all_or_nothing": ("guard/all_or_nothing", None, True, DOWN),
    "freeze.from": ("guard/freeze", [ONCE], [{**ONCE, "from": "2026-12-20T12:00+01:00"}], DOWN),
    "freeze.until": ("guard/freeze", [ONCE], [{**ONCE, "until": "2027-01-03T06:00+01:00"}], DOWN),
    "freeze.weekly": ("guard/freeze", [WEEKLY], [OFTEN], UP),
    "freeze.daily": ("guard/freeze", [MORE_NIGHT], [NIGHT], UP),
    "freeze.timezone": ("guard/freeze", [WEEKLY], [{**WEEKLY, "timezone": "UTC"}], ALWAYS),
    "freeze.reason": ("guard/freeze", [WEEKLY], [{**WEEKLY, "reason": "nobody is there"}], NEVER),
}  # fmt: skip
"""Each key of the schema: a way to it, two values, and which change between them is one of trust."""


def schema_keys() -> Iterator[str]:
    """Yield every key of the schema that holds a value, by the definition that it stands in."""
    schema = json.loads(STACK_SCHEMA.read_text(encoding="utf-8"))
    for where, node in (("", schema), *schema["$defs"].items()):
        yield from keys_of(node, {"host": "hosts.NAME", "vm": "vms.NAME"}.get(where, where))


def keys_of(node: Mapping[str, Any], way: str) -> Iterator[str]:
    """Yield the keys below a node; a reference to a definition is told there."""
    for name, part in node.get("properties", {}).items():
        here = f"{way}.{name}" if way else name
        if set(part.get("properties", {})):
            yield from keys_of(part, here)
        elif "additionalProperties" in part and isinstance(part["additionalProperties"], dict):
            inner = part["additionalProperties"]
            if "$ref" not in inner:
                yield f"{here}.NAME"
        elif not refers_to_section(part):
            yield here


def refers_to_section(part: Mapping[str, Any]) -> bool:
    """Say whether all that stands there is said in a definition with keys of its own."""
    sections = {"connection", "liveMigration", "migration", "guard", "directory", "delegation"}
    either = [each.get("$ref", "") for each in part.get("anyOf", ())]
    return str(part.get("$ref", "")).removeprefix("#/$defs/") in sections or "#/$defs/parts" in either


def test_every_key_of_the_schema_is_classified() -> None:
    """A key that somebody adds is named here with two values and what a change between them is."""
    assert set(KEYS) == set(schema_keys()), (
        "add it to KEYS, and to planning/trust/changed.py where it is placement"
    )


@pytest.mark.parametrize("key", KEYS)
def test_a_change_of_a_key_is_one_of_trust_or_not(key: str) -> None:
    """Both ways: of a guard and of permissions, only what holds back less counts."""
    way, one, other, counts = KEYS[key]
    before, after = stack(put(bank(), way, one)), stack(put(bank(), way, other))
    found = {"up": trust_changes(before, after), "down": trust_changes(after, before)}
    reported = {direction for direction, changed in found.items() if changed}
    assert reported == counts
    assert all(change.stops for changed in found.values() for change in changed)
    assert trust_changes(before, before) == ()


def line(before: Mapping[str, Any], after: Mapping[str, Any], **more: Any) -> str:
    """Return the first line of a review."""
    return trust_line(Trust(changes=trust_changes(stack(before), stack(after), **more)))


def test_a_default_that_changes_all_hosts_is_one_line_with_their_number() -> None:
    """And one that no host takes from it is none."""
    before = bank()
    assert line(before, put(before, "connection/auth", "kerberos")) == (
        "Changes where or how passwords are sent: all 3 hosts (auth)"
    )
    for name in ("hv1", "hv2", "hv3"):
        before = put(before, f"hosts/{name}/connection/auth", "kerberos")
    assert line(before, put(before, "connection/auth", "credssp")) == ""
    two = put(put(before, "hosts/hv1/connection/auth", "ntlm"), "hosts/hv3/connection/auth", "ntlm")
    assert line(before, two) == "Changes where or how passwords are sent: hv1 and hv3 (auth)"


def test_a_default_written_out_for_every_host_changes_nothing() -> None:
    """What counts is what is used in the end."""
    before = bank()
    after = put(before, "connection", None)
    for name in ("hv1", "hv2", "hv3"):
        after = put(after, f"hosts/{name}/connection", before["connection"])
    assert line(before, after) == ""


def test_all_three_kinds_stand_in_the_first_line_passwords_first() -> None:
    """Whatever the file's order."""
    after = put(put(bank(), "guard/protected", None), "hosts/hv2/allow_vtpm", value=True)
    after = put(
        put(after, "hosts/hv3/address", "https://192.0.2.9/wsman"), "hosts/hv3/connection", {"auth": "basic"}
    )
    after = put(after, "directory/server", "ldaps://192.0.2.9")
    assert line(bank(), after) == (
        "Changes where or how passwords are sent: hv3 (address, auth), directory.server;"
        " changes who is trusted: hv2 (allow_vtpm); loosens the guard: guard.protected"
    )


def test_a_host_whose_key_reads_like_our_own_words_is_told_as_a_host() -> None:
    """Whatever stands in the file: a new host beside it is another one."""
    before = put(bank(), "hosts/new hosts", {"address": "hv8.corp.example"})
    after = put(before, "hosts/new hosts/address", "hv8.evil.example")
    after = put(after, "hosts/hv9", {"address": "hv9.corp.example"})
    assert line(before, after) == (
        "Changes where or how passwords are sent: new hosts (address), new host hv9"
    )


def test_a_host_under_another_key_is_no_change_and_one_at_another_place_is() -> None:
    """Passwords go where they went before; delegation names it by its new key."""
    before = put(bank(), "vms/WEB01/host", "hv1")
    after = put(before, "hosts/hv2", None)
    after = put(
        put(after, "hosts/paris2", {"address": "hv2.corp.example"}), "delegation/hosts", ["hv1", "paris2"]
    )
    assert line(before, after) == ""
    after = put(after, "hosts/paris2/address", "hv2.evil.example")
    assert line(before, after).startswith("Changes where or how passwords are sent: new host paris2; ")


@pytest.mark.parametrize(
    ("weekly", "loosens"),
    [
        ("fri 18:00 - mon 06:00", False), ("fri 17:00 - mon 06:00", False), ("thu 00:00 - tue 23:59", False),
        ("fri 18:00 - mon 05:59", True), ("fri 18:01 - mon 06:00", True), ("mon 06:00 - fri 18:00", True),
        ("sat 18:00 - tue 06:00", True), ("mon 00:00 - sun 23:59", True), ("fri 19:00 - fri 18:00", True),
        ("mon 07:00 - mon 06:00", False),
    ],
)  # fmt: skip
def test_a_weekly_freeze_that_holds_back_more_loosens_nothing(weekly: str, loosens: bool) -> None:
    """The week is a circle: a window may run over its end."""
    before = put(bank(), "guard/freeze", [WEEKLY])
    after = put(before, "guard/freeze", [{**WEEKLY, "weekly": weekly}])
    assert line(before, after) == ("Loosens the guard: guard.freeze" if loosens else "")
    assert line(before, put(after, "guard/freeze", [WEEKLY, *after["guard"]["freeze"]])) == ""


@pytest.mark.parametrize(
    ("after", "loosens"),
    [
        ([NIGHT], False), ([{**NIGHT, "daily": "23:00 - 05:00"}], False), ([{**NIGHT, "reason": "x"}], False),
        ([{**NIGHT, "daily": "22:00 - 06:01"}], True), ([{**NIGHT, "daily": "06:00 - 22:00"}], True),
        ([NIGHT, WEEKLY], True), ([{**NIGHT, "timezone": "UTC"}], True), (None, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["window", "guard/window", "hosts/hv1/window", "vms/WEB01/window"])
def test_a_window_that_is_open_longer_loosens_the_guard(
    way: str, after: list[dict[str, str]] | None, loosens: bool
) -> None:
    """The other way round than a freeze: who takes a window away lets moves start at any time."""
    before = put(bank(), way, [NIGHT])
    key = "window" if way == "guard/window" else way.replace("/", ".")
    assert line(before, put(before, way, after)) == (f"Loosens the guard: {key}" if loosens else "")


def test_networks_in_another_order_let_nobody_else_in() -> None:
    """Best first: the order says by which way machines come."""
    way = "hosts/hv1/live_migration/networks"
    before = put(bank(), way, ["10.0.1.0/24", "10.0.2.0/24"])
    assert line(before, put(before, way, ["10.0.2.0/24", "10.0.1.0/24"])) == ""
    assert line(before, put(before, way, ["10.0.2.0/24", "10.0.3.0/24"])) != ""


def test_what_may_be_overwritten_at_one_place_may_not_be_at_another() -> None:
    """The word stays in the file after its move: a path or a host that changes below it means other files."""
    disk = "vms/SQL01/storage/disks/os.vhdx"
    before = put(bank(), f"{disk}/overwrite", value=True)
    said = "Loosens the guard: SQL01 (overwrite)"
    assert line(before, put(before, f"{disk}/path", "D:\\WEB01\\os.vhdx")) == said
    assert line(before, put(before, "vms/SQL01/host", "hv2")) == said
    renamed = put(put(before, "hosts/hv1", None), "hosts/paris1", {"address": "hv1.corp.example"})
    renamed = put(put(renamed, "vms/SQL01/host", "paris1"), "vms/WEB01/host", ["hv2", "paris1"])
    assert line(before, put(renamed, "delegation/hosts", ["paris1", "hv2"])) == ""
    assert line(before, put(before, "vms/WEB01/host", "hv1")) == ""
    rooted = put(put(before, "hosts/hv1/storage/fast", "D:\\Fast"), f"{disk}/path", "fast")
    assert line(rooted, put(rooted, "hosts/hv1/storage/fast", "D:\\WEB01")) == said
    assert line(rooted, put(rooted, "hosts/hv1/storage/bulk", "E:\\Bulk")) == ""


def test_a_host_that_is_removed_sends_no_password_anywhere() -> None:
    """The guard stays as it is."""
    assert line(bank(), put(bank(), "hosts/hv3", None)) == ""


def test_a_new_host_stops_unless_the_policy_permits_it_with_credentials_that_hosts_have_already() -> None:
    """What a policy of hosts does not speak of stops all the same: other credentials, a proxy, the word on a vTPM."""
    after = put(bank(), "hosts/hv4", {"address": "hv4.corp.example"})
    assert [each.stops for each in changes(after, permitted=False)] == [True]
    (listed,) = changes(after, permitted=True)
    assert not listed.stops
    assert trust_line(Trust(changes=(listed,))) == "Within the policy: new host hv4"
    for way, value in (
        ("connection/credentials", "other.yaml"), ("connection/proxy", "http://p:1"), ("allow_vtpm", True),
        ("connection/ca", "x.pem"), ("connection/auth", "basic"),
        ("live_migration/authentication", "credssp"),
    ):  # fmt: skip
        (stopped,) = changes(put(after, f"hosts/hv4/{way}", value), permitted=True)
        assert stopped.stops


def test_a_new_host_whose_authority_has_other_content_stops_where_no_host_of_before_is_left() -> None:
    """The connection is spelled as it was, and no other host is there to tell of the file."""
    before = {**bank(), "hosts": {"hv1": {"address": "hv1.corp.example"}}, "vms": {"SQL01": {"host": "hv1"}}}
    del before["delegation"], before["directory"]
    after = {**before, "hosts": {"hv9": {"address": "hv9.corp.example"}}, "vms": {"SQL01": {"host": "hv9"}}}
    stacks = stack(before), stack(after)
    authority = stacks[1].hosts[HostName("hv9")].connection.ca
    assert authority is not None
    for replaced, stops in ((set[Path](), False), ({authority}, True)):
        (new,) = trust_changes(*stacks, replaced=replaced, permitted=lambda _: True)
        assert (new.name, new.stops) == ("new host", stops)


def changes(after: Mapping[str, Any], *, permitted: bool) -> tuple[TrustChange, ...]:
    """Return what a file changes of the bank's, by a policy that permits every host or none."""
    return trust_changes(stack(bank()), stack(after), permitted=lambda _: permitted)


def test_a_whole_new_file_is_new_trust() -> None:
    """Each host, the directory, and delegation."""
    found = trust_changes(Stack(path=PATH, hosts={}, vms={}), stack(bank()))
    assert {change.name for change in found if change.aspect == Aspect.PASSWORDS} == {
        "new host", "directory.server", "directory.auth",
    }  # fmt: skip
    assert "delegation.hosts" in {change.name for change in found}
    assert trust_line(Trust(changes=found)).startswith(
        "Changes where or how passwords are sent: new hosts hv1, hv2, hv3"
    )


def test_a_removed_file_takes_its_guard_along() -> None:
    """Its machines can be declared elsewhere then."""
    names = [change.name for change in removal(stack(bank()))]
    assert names == ["stack file", "guard.max_moves", "guard.protected"]


def test_a_protected_label_that_means_another_machine_protects_it_no_more() -> None:
    """The label stays in the list; the machine that it named is free to move under another label."""
    after = put(put(bank(), "vms/SQL01/name", "decoy"), "vms/SQL", {"name": "SQL01", "host": "hv2"})
    assert line(bank(), after) == "Loosens the guard: guard.protected"


def test_freezes_that_are_over_may_go_and_a_longer_one_may_take_their_place() -> None:
    """By the moment of the review, where one is known."""
    before = put(bank(), "guard/freeze", [ONCE])
    gone = put(before, "guard/freeze", None)
    assert line(before, gone) == "Loosens the guard: guard.freeze"
    assert line(before, gone, now=datetime(2027, 1, 2, 5, tzinfo=UTC)) == ""
    assert line(before, gone, now=datetime(2027, 1, 2, 4, 59, tzinfo=UTC)) != ""


def test_a_file_of_the_same_name_with_another_content_is_a_change() -> None:
    """An authority is what stands in its file, for hosts and for the directory."""
    content = put(bank(), "directory/ca", "corp.pem")
    ca = PATH.absolute().parent / "corp.pem"
    assert line(content, content, replaced=[ca]) == (
        "Changes where or how passwords are sent: all 3 hosts (ca), directory.ca"
    )
    assert line(content, content, replaced=[ca.with_name("other.pem")]) == ""


def test_a_server_of_shares_that_no_path_has_named_before_is_told_once() -> None:
    """Hosts log on there; a second path on a known server is placement."""
    before = put(bank(), "hosts/hv1/storage", {"sofs": "\\\\sofs.corp.example\\vms"})
    known = put(before, "vms/WEB01/storage", "\\\\SOFS.corp.example\\vms\\WEB01")
    assert line(before, known) == ""
    evil = put(
        put(before, "vms/WEB01/storage", "//fs.evil.example/a"), "vms/SQL01/storage", "\\\\fs.evil.example\\b"
    )
    assert line(before, evil) == "Changes who is trusted: new file server fs.evil.example"


def test_names_that_a_list_would_hide_are_told_apart() -> None:
    """One host whose key reads like two is not those two."""
    both = put(bank(), "hosts/hv1, hv2", {"address": "x.corp.example"})
    one = put(both, "delegation/hosts", ["hv1, hv2"])
    assert line(both, one) == "Changes who is trusted: delegation.hosts"
    reordered = put(both, "delegation/hosts", ["hv2", "hv1"])
    assert line(both, reordered) == ""


def test_a_line_about_many_names_a_few() -> None:
    """The others are counted; all of them stand in the table below it."""
    many = bank() | {"hosts": {f"hv{n}": {"address": f"hv{n}.corp.example"} for n in range(1, 41)}}
    after = json.loads(json.dumps(many))
    for n in range(1, 40):
        after["hosts"][f"hv{n}"]["address"] = f"hv{n}.evil.example"
    shown = line(many, after)
    assert shown == (
        "Changes where or how passwords are sent: hv1 (address), hv2 (address), hv3 (address), hv4 (address) and 35 more"
    )
    assert len(trust_changes(stack(many), stack(after))) == 39


def test_a_field_that_nobody_has_classified_is_trust() -> None:
    """By the model's own fields: one of a host outside of the list of placement counts."""
    before = stack(bank())
    host = before.hosts[next(iter(before.hosts))]
    after = replace(
        before,
        hosts={
            **before.hosts,
            host.name: replace(host, connection=replace(host.connection, proxy="http://x")),
        },
    )
    assert [change.name for change in trust_changes(before, after)] == ["proxy"]
