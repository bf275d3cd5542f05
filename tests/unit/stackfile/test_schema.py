"""The JSON Schema and the loader say the same of every document."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hyperv_placement.stackfile
from hyperv_placement.stackfile.checking import check
from hyperv_placement.stackfile.findings import Findings
from hyperv_placement.stackfile.judging import SETTLED, plain_of
from hyperv_placement.stackfile.parsing import parse
from hyperv_placement.stackfile.schema import POLICY_SCHEMA, STACK_SCHEMA, Schema, read_schema, schema_of
from hyperv_placement.stackfile.source import Source

SCHEMA = json.loads(STACK_SCHEMA.read_text(encoding="utf-8"))
JUDGE = jsonschema.Draft202012Validator(SCHEMA)
"""Looks at whole documents, as they stand in the file, references and all: the loader does neither."""
STACK = read_schema(STACK_SCHEMA)

HOST = {"address": "hv1"}
GOOD: dict[str, Any] = {"hosts": {"hv1": HOST}, "vms": {"A": {}, "B": {}}}


def _vm(**entry: object) -> dict[str, Any]:
    return {**GOOD, "vms": {"A": entry}}


def _host(**entry: object) -> dict[str, Any]:
    return {**GOOD, "hosts": {"hv1": {**HOST, **entry}}}


def _directory(**entry: object) -> dict[str, Any]:
    return {**GOOD, "directory": {"server": "ldaps://dc1", **entry}}


def _delegation(**entry: object) -> dict[str, Any]:
    return {**_directory(), "delegation": {"hosts": "all", **entry}}


def _freeze(**entry: object) -> dict[str, Any]:
    return {**GOOD, "guard": {"freeze": [entry]}}


def _limit(**entry: object) -> dict[str, Any]:
    return {**GOOD, "limits": [entry]}


def _balance(**entry: object) -> dict[str, Any]:
    return {**GOOD, "balance": entry}


def _live(**entry: object) -> dict[str, Any]:
    return {**GOOD, "live_migration": entry}


HOLD = {"host": "hv1", "until": "2026-12-01", "reason": "x"}

# One document a wrong value: what the finding must say of it.
WRONG: list[tuple[object, str]] = [
    ([], "is a list, but must be a mapping"),
    ({"vms": {}}, "'hosts' is missing; add it, such as hosts: {hv1: {address: hv1.corp.example"),
    ({"hosts": {"hv1": HOST}}, "'vms' is missing; add it, such as vms: {VM001: {host: hv1"),
    ({**GOOD, "vm": {}}, "unknown key 'vm' (known here: connection, hosts, vms, rules, guard, timezone, maintenance, hold, others, live_migration, directory, delegation, ... (22 in all)); did you mean 'vms'?"),
    ({**GOOD, "hosts": []}, "hosts: is a list, but must be a mapping"),
    ({**GOOD, "hosts": {}}, "hosts: is empty"),
    ({**GOOD, "hosts": {" a": HOST}}, "hosts. a: ' a' does not fit; a name has"),
    ({**GOOD, "hosts": {"hv1": "x"}}, "hosts.hv1: is the text 'x', but must be a mapping"),
    ({**GOOD, "hosts": {"hv1": {}}}, "hosts.hv1: 'address' is missing; add it, such as address: hv1.corp.example"),
    (_host(adress="x"), "hosts.hv1.adress: unknown key 'adress'"),
    (_host(address=1), "hosts.hv1.address: is a whole number (1), but must be a text; if it is meant as text, write '1'"),
    (_host(address=""), "hosts.hv1.address: is an empty text"),
    (_host(connection=7), "hosts.hv1.connection: is a whole number (7), but must be a mapping"),
    (_host(connection={"user": "x"}), "hosts.hv1.connection.user: unknown key 'user'"),
    (_host(connection={"auth": True}), "hosts.hv1.connection.auth: is true or false (true), but must be a text"),
    (_host(connection={"auth": "digest"}), "auth: 'digest' cannot be used; write ntlm, kerberos, credssp, certificate or basic"),
    (_host(account=1), "hosts.hv1.account: is a whole number (1)"),
    (_host(full_name=1), "hosts.hv1.full_name: is a whole number (1)"),
    (_host(full_name="hv1/x"), "full_name: 'hv1/x' does not fit; write the full DNS name of the host"),
    (_host(account="CORP\\HV1$"), "account: 'CORP\\HV1$' does not fit; write the full DNS name of its computer account"),
    (_host(connection={"kerberos_host": 1}), "connection.kerberos_host: is a whole number (1)"),
    (_host(connection={"kerberos_host": "HTTP/hv1"}), "kerberos_host: 'HTTP/hv1' does not fit; write the host's full name"),
    (_host(connection={"credentials": None}), "connection.credentials: has no value, but must be a text"),
    (_host(connection={"credentials": ""}), "connection.credentials: is an empty text"),
    (_host(connection={"ca": ["x"]}), "connection.ca: is a list, but must be a text"),
    (_host(connection={"ca": ""}), "connection.ca: is an empty text"),
    (_host(connection={"proxy": 3128}), "connection.proxy: is a whole number (3128)"),
    (_host(connection={"proxy": "http://u:p@proxy:1"}), "proxy: 'http://***@proxy:1' does not fit; write http://NAME:PORT"),
    (_host(storage="x"), "hosts.hv1.storage: is the text 'x', but must be a mapping"),
    (_host(storage={"a:b": "D:\\x"}), "hosts.hv1.storage.a:b: 'a:b' does not fit; the name of a root"),
    (_host(storage={"a": 1}), "hosts.hv1.storage.a: is a whole number (1), but must be a text"),
    (_host(storage={"a": ""}), "hosts.hv1.storage.a: is an empty text"),
    (_host(reserve=8), "hosts.hv1.reserve: is a whole number (8), but must be a mapping"),
    (_host(reserve={"cpu": 8}), "hosts.hv1.reserve.cpu: unknown key 'cpu' (known here: memory, disk)"),
    (_host(reserve={"memory": 8}), "hosts.hv1.reserve.memory: is a whole number (8), but must be a text; write a number and a unit"),
    (_host(reserve={"memory": "8"}), "reserve.memory: '8' does not fit; write a number and a unit, such as 8 GiB"),
    (_host(reserve={"disk": 10}), "reserve.disk: is a whole number (10), but must be a text; write a size"),
    (_host(reserve={"disk": "101 %"}), "reserve.disk: '101 %' does not fit; write a size such as 50 GiB, or a share"),
    (_host(away="2026-12-01"), "hosts.hv1.away: is the text '2026-12-01', but must be a mapping of keys to values; write {until: 2026-12-01, reason: "),
    (_host(away={"until": "2026-12-01", "reason": " "}), "hosts.hv1.away.reason: ' ' does not fit; write why"),
    (_host(away={"until": "2026-12-01"}), "hosts.hv1.away: 'reason' is missing; add it, such as reason: a new mainboard"),
    (_host(away={"reason": "x"}), "hosts.hv1.away: 'until' is missing; add it, such as until: '2026-12-01'"),
    (_host(away={"until": 2026, "reason": "x"}), "hosts.hv1.away.until: is a whole number (2026), but must be a text; write a date"),
    (_host(away={"until": "1.12.2026", "reason": "x"}), "hosts.hv1.away.until: '1.12.2026' does not fit; write a date, such as 2026-12-01"),
    (_host(away={"until": "2026-12-01", "reason": ""}), "hosts.hv1.away.reason: is an empty text"),
    (_host(away={"until": "2026-12-01", "reason": 7}), "hosts.hv1.away.reason: is a whole number (7), but must be a text"),
    (_host(away={"until": "2026-12-01", "reason": "x", "by": "me"}), "hosts.hv1.away.by: unknown key 'by' (known here: until, reason)"),
    (_host(allow_vtpm="true"), "hosts.hv1.allow_vtpm: is the text 'true', but must be true or false"),
    ({**GOOD, "connection": {"auht": "ntlm"}}, "connection.auht: unknown key 'auht' (known here: auth, credentials, ca, kerberos_host, proxy); did you mean 'auth'?"),
    ({**GOOD, "vms": None}, "vms: has no value, but must be a mapping of keys to values; give one or remove the line"),
    ({**GOOD, "vms": {"x ": {}}}, "vms.x : 'x ' does not fit; a name has"),
    ({**GOOD, "vms": {"a::b": {}}}, "'a::b' does not fit; a name has at least one character, no blank at either end, none that does not show, and"),
    ({**GOOD, "vms": {"a ##[x]": {}}}, "does not fit; a name has"),
    ({**GOOD, "vms": {"a\u202eb": {}}}, "vms.a\\u202eb: 'a\\u202eb' does not fit; a name has"),
    ({**GOOD, "vms": {"a\u200bb": {}}}, "does not fit; a name has"),
    ({**GOOD, "vms": {"a\U000e0041b": {}}}, "does not fit; a name has"),
    ({**GOOD, "vms": {"A": "hv1"}}, "vms.A: is the text 'hv1', but must be a mapping"),
    (_vm(hots="hv1"), "vms.A.hots: unknown key 'hots' (known here: id, name, host, migration, prefer, window, snooze, storage); did you mean 'host'?"),
    (_vm(id=7), "vms.A.id: is a whole number (7), but must be a text; write the GUID"),
    (_vm(id="7"), "vms.A.id: '7' does not fit; write the GUID as (Get-VM NAME).Id shows it"),
    (_vm(name=7), "vms.A.name: is a whole number (7), but must be a text"),
    (_vm(name=" x"), "vms.A.name: ' x' does not fit; a name has at least one character and no blank at either end"),
    (_vm(host=1), "vms.A.host: is a whole number (1), but must be a text or a list; if it is meant as text, write '1'"),
    (_vm(host=""), "vms.A.host: is an empty text"),
    (_vm(host=[]), "vms.A.host: has 0 of at least 1 items"),
    (_vm(host=[1]), "vms.A.host[0]: is a whole number (1), but must be a text"),
    (_vm(host=["hv1", "hv1"]), "vms.A.host: 'hv1' stands here twice; name it once"),
    (_vm(storage=1), "vms.A.storage: is a whole number (1), but must be a text or a mapping"),
    (_vm(storage=""), "vms.A.storage: is an empty text"),
    (_vm(storage={}), "vms.A.storage: is empty; give it at least 1 entry, of folder, config, checkpoints, paging, disks, layout"),
    (_vm(storage={"confg": "D:\\x"}), "vms.A.storage.confg: unknown key 'confg'"),
    (_vm(storage={"config": {}}), "vms.A.storage.config: is a mapping of keys to values, but must be a text"),
    (_vm(storage={"disks": []}), "vms.A.storage.disks: is a list, but must be a text or a mapping"),
    (_vm(storage={"disks": {}}), "vms.A.storage.disks: is empty"),
    (_vm(storage={"disks": {"os": "D:\\x"}}), "vms.A.storage.disks.os: 'os' does not fit; name a disk by its file name"),
    (_vm(storage={"disks": {"os.vhdx": 1}}), "vms.A.storage.disks.os.vhdx: is a whole number (1), but must be a text or a mapping"),
    (_vm(storage={"disks": {"os.vhdx": ""}}), "vms.A.storage.disks.os.vhdx: is an empty text"),
    (_vm(storage={"disks": {"os.vhdx": {}}}), "vms.A.storage.disks.os.vhdx: 'path' is missing; add it"),
    (_vm(storage={"disks": {"os.vhdx": {"path": "D:\\x", "over": True}}}), "unknown key 'over' (known here: path, overwrite)"),
    (_vm(storage={"disks": {"os.vhdx": {"path": "D:\\x", "overwrite": "yes please"}}}), "overwrite: is the text 'yes please', but must be true or false"),
    (_vm(snooze="2026-12-01"), "vms.A.snooze: is the text '2026-12-01', but must be a mapping of keys to values; write {until: 2026-12-01, reason: "),
    (_vm(snooze={"until": "2026-12-01", "reason": " "}), "vms.A.snooze.reason: ' ' does not fit; write why"),
    (_vm(snooze={"until": "2026-12-01"}), "vms.A.snooze: 'reason' is missing; add it, such as reason: stays on hv2"),
    (_vm(snooze={"reason": "x"}), "vms.A.snooze: 'until' is missing; add it, such as until: '2026-12-01'"),
    (_vm(snooze={"until": 2026, "reason": "x"}), "vms.A.snooze.until: is a whole number (2026), but must be a text; write a date"),
    (_vm(snooze={"until": "1.12.2026", "reason": "x"}), "vms.A.snooze.until: '1.12.2026' does not fit; write a date, such as 2026-12-01"),
    (_vm(snooze={"until": "2026-12-01", "reason": ""}), "vms.A.snooze.reason: is an empty text"),
    (_vm(snooze={"until": "2026-12-01", "reason": 7}), "vms.A.snooze.reason: is a whole number (7), but must be a text"),
    (_vm(snooze={"until": "2026-12-01", "reason": "x", "by": "me"}), "vms.A.snooze.by: unknown key 'by' (known here: until, reason)"),
    (_vm(migration="staged"), "vms.A.migration: is the text 'staged', but must be a mapping"),
    ({**GOOD, "migration": {"transprot": "tcp"}}, "migration.transprot: unknown key 'transprot'"),
    ({**GOOD, "migration": {"transport": 1}}, "migration.transport: is a whole number (1), but must be a text"),
    ({**GOOD, "migration": {"transport": "rdma"}}, "migration.transport: 'rdma' cannot be used; write tcp or smb"),
    ({**GOOD, "migration": {"compression": 1}}, "migration.compression: is a whole number (1), but must be true or false"),
    ({**GOOD, "migration": {"networks": "10.0.0.0/24"}}, "migration.networks: is the text '10.0.0.0/24', but must be a list"),
    ({**GOOD, "migration": {"networks": []}}, "migration.networks: has 0 of at least 1 items"),
    ({**GOOD, "migration": {"networks": ["a", "a"]}}, "migration.networks: 'a' stands here twice"),
    ({**GOOD, "migration": {"retain_vhd_copies_on_source": 1}}, "retain_vhd_copies_on_source: is a whole number (1)"),
    ({**GOOD, "migration": {"avoid_removing_vhds": 1}}, "avoid_removing_vhds: is a whole number (1)"),
    ({**GOOD, "migration": {"cancel_if_blackout_threshold_exceeded": 1}}, "cancel_if_blackout_threshold_exceeded: is a whole number (1)"),
    ({**GOOD, "migration": {"cpu_cap": 1}}, "migration.cpu_cap: is a whole number (1), but must be a text"),
    ({**GOOD, "migration": {"cpu_cap": "max"}}, "migration.cpu_cap: 'max' cannot be used; write normal or low or high"),
    ({**GOOD, "migration": {"check": True}}, "migration.check: is true or false (true), but must be a text"),
    ({**GOOD, "migration": {"check": "deep"}}, "migration.check: 'deep' cannot be used; write staged"),
    ({**GOOD, "migration": {"parents": True}}, "migration.parents: is true or false (true), but must be a text"),
    ({**GOOD, "migration": {"parents": "move"}}, "migration.parents: 'move' cannot be used; write copy"),
    (_vm(storage={"layout": 1}), "vms.A.storage.layout: is a whole number (1), but must be a text"),
    (_vm(storage={"layout": "hyperv"}), "vms.A.storage.layout: 'hyperv' cannot be used; write hyper-v or flat"),
    ({**GOOD, "bystanders": "forbid"}, "bystanders: 'forbid' cannot be used; write allow"),
    ({**GOOD, "bystanders": True}, "bystanders: is true or false (true), but must be a text"),
    ({**GOOD, "audit": "optional"}, "audit: 'optional' cannot be used; write required"),
    ({**GOOD, "audit": True}, "audit: is true or false (true), but must be a text"),
    ({**GOOD, "maintenance": "hv1"}, "maintenance: is the text 'hv1', but must be a list"),
    ({**GOOD, "maintenance": []}, "maintenance: has 0 of at least 1 items; name more"),
    ({**GOOD, "maintenance": ["hv1", "hv1"]}, "maintenance: 'hv1' stands here twice; name it once"),
    ({**GOOD, "maintenance": [1]}, "maintenance[0]: is a whole number (1), but must be a text"),
    ({**GOOD, "guard": {"all_or_nothing": "always"}}, "guard.all_or_nothing: is the text 'always', but must be true or false"),
    ({**GOOD, "maintenance": [{}]}, "maintenance[0]: 'host' is missing"),
    ({**GOOD, "maintenance": [{"host": "hv1", "too": 1}]}, "maintenance[0].too: unknown key 'too'"),
    ({**GOOD, "maintenance": [{"host": "hv1", "until": 1}]}, "maintenance[0].until: is a whole number (1), but must be a text"),
    ({**GOOD, "maintenance": [{"host": "hv1", "until": "soon"}]}, "maintenance[0].until: 'soon' does not fit; write a date"),
    ({**GOOD, "maintenance": [{"host": "hv1", "reason": 1}]}, "maintenance[0].reason: is a whole number (1), but must be a text"),
    ({**GOOD, "maintenance": [{"host": "hv1", "reason": ""}]}, "maintenance[0].reason: is an empty text"),
    ({**GOOD, "maintenance": [{"host": "hv1", "reason": " "}]}, "maintenance[0].reason: ' ' does not fit; write why"),
    ({**GOOD, "maintenance": [{"host": "hv1", "to": "hv2"}]}, "maintenance[0].to: is the text 'hv2', but must be a list"),
    ({**GOOD, "maintenance": [{"host": "hv1", "to": []}]}, "maintenance[0].to: has 0 of at least 1 items"),
    ({**GOOD, "maintenance": [{"host": "hv1", "to": ["hv2", "hv2"]}]}, "maintenance[0].to: 'hv2' stands here twice; name it once"),
    ({**GOOD, "hold": "hv1"}, "hold: is the text 'hv1', but must be a list"),
    ({**GOOD, "hold": []}, "hold: has 0 of at least 1 items"),
    ({**GOOD, "hold": [1]}, "hold[0]: is a whole number (1), but must be a mapping"),
    ({**GOOD, "hold": [{"host": "hv1", "until": "2026-12-01"}]}, "hold[0]: 'reason' is missing"),
    ({**GOOD, "hold": [{**HOLD, "for": 1}]}, "hold[0].for: unknown key 'for'"),
    ({**GOOD, "hold": [{**HOLD, "until": 1}]}, "hold[0].until: is a whole number (1), but must be a text"),
    ({**GOOD, "hold": [{**HOLD, "until": "soon"}]}, "hold[0].until: 'soon' does not fit; write a date"),
    ({**GOOD, "hold": [{**HOLD, "reason": 1}]}, "hold[0].reason: is a whole number (1), but must be a text"),
    ({**GOOD, "hold": [{**HOLD, "reason": ""}]}, "hold[0].reason: is an empty text"),
    ({**GOOD, "hold": [{**HOLD, "reason": " "}]}, "hold[0].reason: ' ' does not fit; write why"),
    ({**GOOD, "others": "SQL*"}, "others: is the text 'SQL*', but must be a list"),
    ({**GOOD, "others": []}, "others: has 0 of at least 1 items"),
    ({**GOOD, "others": [1]}, "others[0]: is a whole number (1), but must be a text or a mapping"),
    ({**GOOD, "others": [""]}, "others[0]: is an empty text"),
    ({**GOOD, "others": [" "]}, "others[0]: ' ' does not fit; write the name of a machine"),
    ({**GOOD, "others": [{"names": "SQL*"}]}, "others[0].names: is the text 'SQL*', but must be a list"),
    ({**GOOD, "others": [{"names": []}]}, "others[0].names: has 0 of at least 1 items"),
    ({**GOOD, "others": [{"names": ["A", "A"]}]}, "others[0].names: 'A' stands here twice"),
    ({**GOOD, "others": [{"names": ["A"], "for": 1}]}, "others[0].for: unknown key 'for'"),
    ({**GOOD, "others": [{"siblings": 1}]}, "others[0].siblings: is a whole number (1)"),
    ({**GOOD, "others": [{"siblings": False}]}, "others[0].siblings: 'false' cannot be used; write true"),
    ({**GOOD, "others": [{"names": ["A"], "until": 1}]}, "others[0].until: is a whole number (1), but must be a text"),
    ({**GOOD, "others": [{"names": ["A"], "until": "soon"}]}, "others[0].until: 'soon' does not fit; write a date"),
    ({**GOOD, "others": [{"names": ["A"], "reason": 1}]}, "others[0].reason: is a whole number (1), but must be a text"),
    ({**GOOD, "others": [{"names": ["A"], "reason": ""}]}, "others[0].reason: is an empty text"),
    ({**GOOD, "others": [{"names": ["A"], "reason": " "}]}, "others[0].reason: ' ' does not fit; write why"),
    ({**GOOD, "rules": [{"within": ["A"]}]}, "rules[0].within: is a list, but must be a mapping"),
    ({**GOOD, "rules": [{"within": {"vms": ["A"]}}]}, "rules[0].within: 'hosts' is missing; add it, such as hosts: [hv1, hv2]"),
    ({**GOOD, "rules": [{"within": {"vms": [], "hosts": ["hv1"]}}]}, "rules[0].within.vms: has 0 of at least 1 items; name more"),
    ({**GOOD, "rules": [{"within": {"vms": ["A"], "hosts": ["hv1"], "for": 1}}]}, "rules[0].within.for: unknown key 'for' (known here: vms, hosts)"),
    ({**GOOD, "rules": [{"n_plus_1": ["hv1"]}]}, "rules[0].n_plus_1: has 1 of at least 2 items; name more"),
    (_host(bandwidth=10), "hosts.hv1.bandwidth: is a whole number (10), but must be a text; write a number and a unit, such as 25 Gbit/s"),
    (_host(bandwidth="10 GB"), "hosts.hv1.bandwidth: '10 GB' does not fit; write a number and a unit, such as 25 Gbit/s"),
    ({**GOOD, "rules": {}}, "rules: is a mapping of keys to values, but must be a list"),
    ({**GOOD, "rules": ["apart"]}, "rules[0]: is the text 'apart', but must be a mapping"),
    ({**GOOD, "rules": [{}]}, "rules[0]: is empty; give it at least 1 entry, of apart, together, within, one_at_a_time, n_plus_1"),
    ({**GOOD, "rules": [{"apart": ["A", "B"], "together": ["A", "B"]}]}, "rules[0]: holds apart, together at once; keep 1"),
    ({**GOOD, "rules": [{"near": ["A", "B"]}]}, "rules[0].near: unknown key 'near' (known here: apart, together, within, one_at_a_time, n_plus_1)"),
    ({**GOOD, "rules": [{"apart": "A"}]}, "rules[0].apart: is the text 'A', but must be a list"),
    ({**GOOD, "rules": [{"apart": ["A"]}]}, "rules[0].apart: has 1 of at least 2 items; name more"),
    ({**GOOD, "rules": [{"together": ["A"]}]}, "rules[0].together: has 1 of at least 2 items; name more"),
    ({**GOOD, "rules": [{"together": ["A", "A", "B"]}]}, "rules[0].together: 'A' stands here twice; name it once"),
    ({**GOOD, "rules": [{"apart": ["A", 2]}]}, "rules[0].apart[1]: is a whole number (2), but must be a text"),
    ({**GOOD, "guard": []}, "guard: is a list, but must be a mapping"),
    ({**GOOD, "guard": {"max_move": 5}}, "guard.max_move: unknown key 'max_move' (known here: max_moves, max_bytes, max_hosts, max_failures, freeze, window, protected, all_or_nothing); did you mean 'max_moves'?"),
    ({**GOOD, "guard": {"max_moves": "5"}}, "guard.max_moves: is the text '5', but must be a whole number"),
    ({**GOOD, "guard": {"max_moves": -1}}, "guard.max_moves: -1 is too small; the least is 0"),
    ({**GOOD, "guard": {"max_moves": 1_000_001}}, "guard.max_moves: 1000001 is too large; the most is 1000000"),
    ({**GOOD, "guard": {"max_bytes": 5}}, "guard.max_bytes: is a whole number (5), but must be a text; write a number and a unit, such as 2 TiB"),
    ({**GOOD, "guard": {"max_bytes": "2 TiB/s"}}, "guard.max_bytes: '2 TiB/s' does not fit; write a number and a unit, such as 2 TiB"),
    ({**GOOD, "guard": {"max_hosts": "8"}}, "guard.max_hosts: is the text '8', but must be a whole number"),
    ({**GOOD, "guard": {"max_hosts": -1}}, "guard.max_hosts: -1 is too small; the least is 0"),
    ({**GOOD, "guard": {"max_hosts": 1_000_001}}, "guard.max_hosts: 1000001 is too large; the most is 1000000"),
    ({**GOOD, "guard": {"max_failures": True}}, "guard.max_failures: is true or false (true), but must be a whole number"),
    ({**GOOD, "guard": {"max_failures": 0}}, "guard.max_failures: 0 is too small; the least is 1"),
    ({**GOOD, "guard": {"max_failures": 1_000_001}}, "guard.max_failures: 1000001 is too large; the most is 1000000"),
    ({**GOOD, "guard": {"freeze": {"weekly": "fri 18:00 - mon 06:00"}}}, "guard.freeze: is a mapping of keys to values, but must be a list"),
    ({**GOOD, "guard": {"freeze": ["fri 18:00 - mon 06:00"]}}, "guard.freeze[0]: is the text 'fri 18:00 - mon 06:00', but must be a mapping"),
    (_freeze(form="2026-12-24T12:00Z"), "guard.freeze[0].form: unknown key 'form' (known here: from, until, weekly, daily, timezone, reason); did you mean 'from'?"),
    (_freeze(until=2026), "guard.freeze[0].until: is a whole number (2026), but must be a text; write date, time and offset from UTC"),
    (_freeze(**{"from": "2026-12-24 noon"}), "guard.freeze[0].from: '2026-12-24 noon' does not fit; write date, time and offset from UTC, such as 2026-12-24T12:00+01:00"),
    (_freeze(weekly=5), "guard.freeze[0].weekly: is a whole number (5), but must be a text; write two days with times"),
    (_freeze(weekly="friday 18:00 - mon 06:00"), "guard.freeze[0].weekly: 'friday 18:00 - mon 06:00' does not fit; write two days with times, such as fri 18:00 - mon 06:00"),
    (_freeze(timezone=1), "guard.freeze[0].timezone: is a whole number (1), but must be a text"),
    (_freeze(timezone=""), "guard.freeze[0].timezone: is an empty text"),
    (_freeze(reason=1), "guard.freeze[0].reason: is a whole number (1), but must be a text"),
    (_freeze(reason=""), "guard.freeze[0].reason: is an empty text"),
    ({**GOOD, "window": {}}, "window: is a mapping of keys to values, but must be a list"),
    ({**GOOD, "window": []}, "window: has 0 of at least 1 items"),
    ({**GOOD, "window": ["22:00"]}, "window[0]: is the text '22:00', but must be a mapping"),
    (_freeze(daily=22), "guard.freeze[0].daily: is a whole number (22), but must be a text; write two times, such as 22:00 - 06:00"),
    (_freeze(daily="22 - 6"), "guard.freeze[0].daily: '22 - 6' does not fit; write two times, such as 22:00 - 06:00"),
    ({**GOOD, "limits": {}}, "limits: is a mapping of keys to values, but must be a list"),
    ({**GOOD, "limits": []}, "limits: has 0 of at least 1 items"),
    ({**GOOD, "limits": ["2"]}, "limits[0]: is the text '2', but must be a mapping"),
    (_limit(copy=2), "limits[0].copy: unknown key 'copy' (known here: from, until, weekly, daily, timezone, reason, copies, bandwidth); did you mean 'copies'?"),
    (_limit(copies="2"), "limits[0].copies: is the text '2', but must be a whole number"),
    (_limit(copies=0), "limits[0].copies: 0 is too small; the least is 1"),
    (_limit(copies=1001), "limits[0].copies: 1001 is too large; the most is 1000"),
    (_limit(bandwidth=1), "limits[0].bandwidth: is a whole number (1), but must be a text; write a number and a unit"),
    (_limit(bandwidth="1 GB/s"), "limits[0].bandwidth: '1 GB/s' does not fit; write a number and a unit, such as 1 Gbit/s"),
    ({**GOOD, "one_at_a_time": "A"}, "one_at_a_time: is the text 'A', but must be a list"),
    ({**GOOD, "one_at_a_time": []}, "one_at_a_time: has 0 of at least 1 items"),
    ({**GOOD, "one_at_a_time": ["A", "A"]}, "one_at_a_time: 'A' stands here twice; name it once"),
    ({**GOOD, "one_at_a_time": [1]}, "one_at_a_time[0]: is a whole number (1), but must be a text or a list"),
    ({**GOOD, "one_at_a_time": [["A"]]}, "one_at_a_time[0]: has 1 of at least 2 items"),
    ({**GOOD, "rules": [{"one_at_a_time": ["A"]}]}, "rules[0].one_at_a_time: has 1 of at least 2 items"),
    (_balance(of="memory"), "balance.of: unknown key 'of' (known here: by, threshold)"),
    ({**GOOD, "balance": "memory"}, "balance: is the text 'memory', but must be a mapping"),
    (_balance(by=5), "balance.by: is a whole number (5), but must be a text or a list"),
    (_balance(by="disk"), "balance.by: 'disk' cannot be used; write memory or processors or none"),
    (_balance(by=[]), "balance.by: has 0 of at least 1 items"),
    (_balance(by=["memory", "memory"]), "balance.by: 'memory' stands here twice"),
    (_balance(by=["none"]), "balance.by[0]: 'none' cannot be used; write memory or processors"),
    (_balance(by=[1]), "balance.by[0]: is a whole number (1), but must be a text"),
    (_balance(threshold=10), "balance.threshold: is a whole number (10), but must be a text; write a share from 0 % to 100 %"),
    (_balance(threshold="101 %"), "balance.threshold: '101 %' does not fit; write a share from 0 % to 100 %, such as 10 %"),
    (_vm(prefer=5), "vms.A.prefer: is a whole number (5), but must be a text or a list"),
    (_vm(prefer=[]), "vms.A.prefer: has 0 of at least 1 items"),
    (_vm(prefer=["hv1", "hv1"]), "vms.A.prefer: 'hv1' stands here twice; name it once"),
    (_vm(prefer=[5]), "vms.A.prefer[0]: is a whole number (5), but must be a text"),
    ({**GOOD, "guard": {"all_or_nothing": 5}}, "guard.all_or_nothing: is a whole number (5), but must be"),
    ({**GOOD, "guard": {"protected": "A"}}, "guard.protected: is the text 'A', but must be a list"),
    ({**GOOD, "directory": "dc1"}, "directory: is the text 'dc1', but must be a mapping"),
    ({**GOOD, "directory": {}}, "directory: 'server' is missing; add it, such as server: 'ldaps://dc1.corp.example'"),
    (_directory(sever="x"), "directory.sever: unknown key 'sever'"),
    (_directory(server=636), "directory.server: is a whole number (636), but must be a text"),
    (_directory(server=""), "directory.server: is an empty text"),
    (_directory(auth=1), "directory.auth: is a whole number (1), but must be a text"),
    (_directory(auth="ntlm"), "directory.auth: 'ntlm' cannot be used; write kerberos or simple"),
    (_directory(credentials=1), "directory.credentials: is a whole number (1), but must be a text"),
    (_directory(credentials=""), "directory.credentials: is an empty text"),
    (_directory(ca=1), "directory.ca: is a whole number (1), but must be a text"),
    (_directory(ca=""), "directory.ca: is an empty text"),
    (_directory(kerberos_host=1), "directory.kerberos_host: is a whole number (1)"),
    (_directory(kerberos_host="ldap/dc1"), "kerberos_host: 'ldap/dc1' does not fit; write the domain controller's full name"),
    ({**_directory(), "delegation": "all"}, "delegation: is the text 'all', but must be a mapping"),
    ({**_directory(), "delegation": {}}, "delegation: 'hosts' is missing; add it, such as hosts: all"),
    (_delegation(host="all"), "delegation.host: unknown key 'host'"),
    (_delegation(hosts=1), "delegation.hosts: is a whole number (1), but must be a text or a list"),
    (_delegation(hosts="hv1"), "delegation.hosts: 'hv1' cannot be used; write all, or a list of hosts"),
    (_delegation(hosts=[]), "delegation.hosts: has 0 of at least 1 items"),
    (_delegation(hosts=["hv1", "hv1"]), "delegation.hosts: 'hv1' stands here twice"),
    (_delegation(mode=1), "delegation.mode: is a whole number (1), but must be a text"),
    (_delegation(mode="any"), "delegation.mode: 'any' cannot be used; write protocol-transition or constrained"),
    (_delegation(shares="fs1"), "delegation.shares: is the text 'fs1', but must be a list"),
    (_delegation(shares=[]), "delegation.shares: has 0 of at least 1 items"),
    (_delegation(shares=["fs1", "fs1"]), "delegation.shares: 'fs1' stands here twice"),
    (_delegation(shares=[1]), "delegation.shares[0]: is a whole number (1), but must be a text"),
    (_delegation(shares=["//fs1/vms"]), "delegation.shares[0]: '//fs1/vms' does not fit; write the file server's name"),
    (_delegation(on_delete=True), "delegation.on_delete: is true or false (true), but must be a text"),
    (_delegation(on_delete="wipe"), "delegation.on_delete: 'wipe' cannot be used; write keep or remove"),
    ({**GOOD, "timezone": 1}, "timezone: is a whole number (1), but must be a text"),
    ({**GOOD, "timezone": ""}, "timezone: is an empty text"),
    ({**GOOD, "delegation_wait": True}, "delegation_wait: is true or false (true), but must be a text or a whole number"),
    ({**GOOD, "delegation_wait": -1}, "delegation_wait: -1 is too small; the least is 0"),
    ({**GOOD, "delegation_wait": 86401}, "delegation_wait: 86401 is too large; the most is 86400"),
    ({**GOOD, "wait_for_activity": "2 days"}, "wait_for_activity: '2 days' does not fit; write a number and a unit"),
    ({**GOOD, "wait_for_activity": True}, "wait_for_activity: is true or false (true), but must be a text or a whole number"),
    ({**GOOD, "wait_for_activity": -1}, "wait_for_activity: -1 is too small; the least is 0"),
    ({**GOOD, "wait_for_activity": 86401}, "wait_for_activity: 86401 is too large; the most is 86400"),
    ({**GOOD, "delegation_wait": "long"}, "delegation_wait: 'long' does not fit; write a number and a unit"),
    ({**GOOD, "delegation_wait": "25 h"}, "delegation_wait: '25 h' does not fit; write a number and a unit, at most 24 h"),
    ({**GOOD, "on_cancel": "stop"}, "on_cancel: 'stop'"),
    ({**GOOD, "on_cancel": True}, "on_cancel: is true or false (true)"),
    ({**GOOD, "wait_for_activity": "1441 min"}, "wait_for_activity: '1441 min' does not fit; write a number and a unit, at most 24 h"),
    ({**GOOD, "wait_for_activity": "86401 s"}, "wait_for_activity: '86401 s' does not fit; write a number and a unit, at most 24 h"),
    ({**GOOD, "live_migration": []}, "live_migration: is a list, but must be a mapping"),
    (_live(), "live_migration: is empty; give it at least 1 entry"),
    (_live(limit=2), "live_migration.limit: unknown key 'limit'"),
    (_live(enabled="x"), "live_migration.enabled: is the text 'x', but must be true or false"),
    (_live(authentication=1), "live_migration.authentication: is a whole number (1), but must be a text"),
    (_live(authentication="ntlm"), "live_migration.authentication: 'ntlm' cannot be used; write credssp or kerberos"),
    (_live(live_limit="two"), "live_migration.live_limit: is the text 'two', but must be a whole number"),
    (_live(live_limit=0), "live_migration.live_limit: 0 is too small; the least is 1"),
    (_live(live_limit=1001), "live_migration.live_limit: 1001 is too large; the most is 1000"),
    (_live(storage_limit="two"), "live_migration.storage_limit: is the text 'two', but must be a whole number"),
    (_live(storage_limit=0), "live_migration.storage_limit: 0 is too small; the least is 1"),
    (_live(storage_limit=1001), "live_migration.storage_limit: 1001 is too large; the most is 1000"),
    (_live(performance=1), "live_migration.performance: is a whole number (1), but must be a text"),
    (_live(performance="fast"), "live_migration.performance: 'fast' cannot be used; write tcpip or compression or smb"),
    (_live(networks=1), "live_migration.networks: is a whole number (1), but must be a text or a list"),
    (_live(networks="all"), "live_migration.networks: 'all' cannot be used; write any"),
    (_live(networks=[]), "live_migration.networks: has 0 of at least 1 items"),
    (_live(networks=["10.0.0.0/24", "10.0.0.0/24"]), "live_migration.networks: '10.0.0.0/24' stands here twice"),
    (_live(networks=[1]), "live_migration.networks[0]: is a whole number (1), but must be a text"),
    (_live(networks=[""]), "live_migration.networks[0]: is an empty text"),
]  # fmt: skip

_ASSERTIONS = frozenset((
    "type", "enum", "pattern", "minLength", "minimum", "maximum", "minItems", "uniqueItems", "required",
    "minProperties", "maxProperties", "additionalProperties", "anyOf",
))  # fmt: skip


def _findings(document: object, schema: Schema = STACK) -> list[str]:
    """Return what the loader says of the shape of `document`; JSON is YAML."""
    findings = Findings(Path("f"))
    parsed = parse(Source(text=json.dumps(document, ensure_ascii=False)), findings)
    assert parsed is not None
    check(parsed, schema, findings)
    return [line for line in str(findings.error()).split("\n") if line]


def test_the_schema_is_a_valid_schema() -> None:
    """Editors take it."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(("document", "expected"), WRONG, ids=[text for _, text in WRONG])
def test_a_wrong_value_is_reported(document: object, expected: str) -> None:
    """What the schema refuses the loader reports, once, with the words of the table."""
    assert not JUDGE.is_valid(document)

    found = _findings(document)

    assert len(found) == 1
    assert expected in found[0]


def _assertions(schema: object, pointer: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the place of every keyword that can be violated."""
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        here = (*pointer, keyword)
        if keyword in {"properties", "$defs"}:
            for name, part in value.items():
                yield from _assertions(part, (*here, name))
        elif keyword == "anyOf":
            yield here
            for position, part in enumerate(value):
                yield from _assertions(part, (*here, str(position)))
        elif keyword in _ASSERTIONS and not isinstance(value, dict):
            yield here
        yield from _assertions(value, here) if keyword not in {"properties", "$defs"} else ()


def _places(error: jsonschema.ValidationError) -> Iterator[tuple[str, ...]]:
    """Yield the places of the keywords behind `error`: jsonschema leaves references out of its paths."""
    place: tuple[str, ...] = ()
    for step in error.absolute_schema_path:
        part = _at(place)
        if isinstance(part, dict) and step not in part:
            place = tuple(part["$ref"].removeprefix("#/").split("/"))
        place = (*place, str(step))
    yield place
    for cause in error.context or ():
        yield from _places(cause)


def _at(place: tuple[str, ...]) -> Any:
    part: Any = SCHEMA
    for step in place:
        part = part[int(step)] if isinstance(part, list) else part[step]
    return part


def test_every_keyword_of_the_schema_is_violated_by_a_document() -> None:
    """A keyword that no document of the table violates could be ignored by the loader unseen.

    Names of keys are texts by themselves, and a name of no characters has no pattern to fit.
    """
    violated = {
        place for document, _ in WRONG for error in JUDGE.iter_errors(document) for place in _places(error)
    }
    never = {place for place in _assertions(SCHEMA) if place[-2:] == ("propertyNames", "type")}

    assert set(_assertions(SCHEMA)) - violated - never == set()


def _keys(schema: object) -> Iterator[str]:
    """Yield every key that a stack file can use."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for name, part in schema.items():
            parts = part.values() if name in {"properties", "$defs"} else part if name == "anyOf" else [part]
            for each in parts:
                yield from _keys(each)


READERS = {"scalar", "mapping", "value", "_part", "_texts", "_words", "_patterns"}


def _keys_read(modules: Iterable[Path]) -> Iterator[str]:
    """Yield every key that modules read: constant arguments of what reads one."""
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in READERS:
                yield from (
                    arg.value
                    for arg in node.args
                    if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                )


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_the_loader_reads_the_keys_of_the_schema() -> None:
    """No key is accepted and then ignored, and none is looked for in vain; those of policies have a schema of their own."""
    modules = set(Path(hyperv_placement.stackfile.__file__).parent.glob("*.py"))
    policies = {Path(hyperv_placement.stackfile.policies.__file__)}
    assert set(_keys_read(modules - policies)) == set(_keys(SCHEMA))
    assert set(_keys_read(policies)) == set(_keys(json.loads(POLICY_SCHEMA.read_text(encoding="utf-8"))))


def test_every_part_has_words_for_editors() -> None:
    """Whoever writes a stack file in an editor sees what each key means."""
    for name, part in _described(SCHEMA):
        assert "title" in part or "description" in part, name


def _described(schema: object) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, part in schema.get("properties", {}).items():
            target = SCHEMA["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else {}
            yield name, {**target, **part}
        for part in schema.values():
            yield from _described(part)


def test_every_object_is_closed_or_says_what_it_holds() -> None:
    """No object leaves additionalProperties out: a misspelt key is never taken silently."""
    for part in _objects(SCHEMA):
        assert "additionalProperties" in part


def _objects(schema: object) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "object" in schema.get("type", ()):
            yield schema
        for part in schema.values():
            yield from _objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _objects(part)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ({"multipleOf": 2}, 3),
        ({"type": "string", "maxLength": 2}, "three"),
        ({"type": "array", "contains": {"const": "a"}}, ["b"]),
        ({"type": "object", "patternProperties": {"^x": {"type": "string"}}}, {"x1": {"y": {}}}),
        ({"anyOf": [{"type": "string"}, {"type": "string", "minLength": 1}, {"type": "object"}]}, 7),
        ({"type": "integer", "enum": [1, 2]}, 3),
        ({"type": "object", "enum": [{}]}, {"a": "b"}),
    ],
)  # fmt: skip
def test_a_keyword_that_is_new_to_the_schema_is_enforced(part: dict[str, Any], value: object) -> None:
    """The sieve lets nothing through under a keyword that it does not know: jsonschema judges it, in its own words."""
    schema = {"type": "object", "properties": {"key": part}}
    assert jsonschema.Draft202012Validator(schema).is_valid({"key": value}) is False
    assert len(_findings({"key": value}, schema_of(schema))) == 1


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2_000_000), st.sampled_from(["", " x", "hv1", "D:\\x", "8 GiB", "10 %", "flat"]),
    st.just([]), st.just({}), st.lists(st.sampled_from(["A", "B", "C", 1]), max_size=3),
)  # fmt: skip


def _documents(schema: Any) -> st.SearchStrategy[Any]:
    """Return documents that mostly follow `schema`, each value now and then replaced by junk."""
    if "$ref" in schema:
        return _documents({**SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], **_without(schema, "$ref")})
    if "anyOf" in schema:
        return st.one_of(JUNK, *(_documents(part) for part in schema["anyOf"]))
    if "properties" in schema:
        parts = {name: _documents(part) for name, part in schema["properties"].items()}
        required = {name: parts[name] for name in schema.get("required", ())}
        return st.fixed_dictionaries(required, optional=_without(parts, *required)) | _rarely(
            st.dictionaries(st.sampled_from([*parts, "x"]), JUNK)
        )
    if schema.get("type") == "object":
        names = st.sampled_from(["A", "B", "os.vhdx", "SCSI 0:1", "fast", "a/b", " "])
        return st.dictionaries(names, _documents(schema["additionalProperties"]), max_size=3)
    if schema.get("type") == "array":
        return st.lists(_documents(schema["items"]), max_size=3)
    return st.sampled_from(schema.get("enum") or schema.get("examples") or ["A", "B"]) | JUNK


def _rarely(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 9).flatmap(lambda n: strategy if n == 0 else st.just({}))


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


@settings(max_examples=300, deadline=None)
@given(_documents(SCHEMA))
def test_loader_and_schema_agree_on_any_document(document: object) -> None:
    """What jsonschema accepts when it looks at all of a document the loader accepts, and nothing else."""
    assert JUDGE.is_valid(document) == (_findings(document) == [])


@pytest.mark.parametrize(
    "document",
    [GOOD, _vm(host=["hv1"], storage={"disks": {"os.vhdx": {"path": "D:\\x"}}}), _live(live_limit=2)],
)
def test_a_document_without_mistakes_needs_no_jsonschema(document: object) -> None:
    """The sieve lets it through whole."""
    parsed = parse(Source(text=json.dumps(document)), Findings(Path("f")))
    assert parsed is not None
    assert STACK.sieve.fits(parsed.root)


def test_jsonschema_sees_only_what_the_sieve_holds_back() -> None:
    """Of thousands of machines with one mistake it looks at one: the others are stood in for."""
    vms = {f"VM{number}": {"host": "hv1", "storage": "D:\\x"} for number in range(100)}
    parsed = parse(
        Source(text=json.dumps({**GOOD, "vms": {**vms, "VM7": {"hots": "hv1"}}})), Findings(Path("f"))
    )
    assert parsed is not None
    plain = plain_of(parsed.root, STACK.sieve)
    assert plain["hosts"] is SETTLED
    assert plain["vms"].pop("VM7") == {"hots": "hv1"}
    assert set(map(id, plain["vms"].values())) == {id(SETTLED)}
