"""What `pulumi package get-schema` shows, and `pulumi import` reads before it writes code: our resources and their properties."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from hyperv_placement.resources import migration_delegation, migration_host, vm_placement
from hyperv_placement.resources.past_moves import HOME, LAST_MOVES
from hyperv_placement.resources.properties import OUTPUTS, PLACED, STANDING

PACKAGE: Final = "pulumi-python"
"""The package of every dynamic provider in Python: the engine finds our plugin by it (Pulumi.yaml)."""
_ANY: Final = "pulumi.json#/Any"
"""A value of any type, as Pulumi's own metaschema has it (pulumi/pulumi pkg/codegen/schema)."""


def _list(of: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": of}}


def _map(of: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {"type": of}}


_TEXT: Final = {"type": "string"}
_FLAG: Final = {"type": "boolean"}
_COUNT: Final = {"type": "integer"}
_MACHINE: Final[Mapping[str, tuple[Mapping[str, Any], str]]] = {
    "name": (_TEXT, "Name of the machine, as its host has it."),
    "vmId": (_TEXT, "GUID of the machine (VMId), by which it is known."),
    "host": (_TEXT, "Key of the host in the stack file on which the machine runs."),
    "allowed": (_list("string"), "Hosts on any of which it may be."),
    "config": (_TEXT, "Folder of its configuration."),
    "checkpoints": (_TEXT, "Folder of its checkpoints."),
    "paging": (_TEXT, "Folder of its paging file."),
    "disks": (_map("string"), "Path of each virtual disk, by its place at the controller."),
    "state": (_TEXT, "Whether it runs, as its host has it."),
    "reachable": (_FLAG, "Whether its host answered when it was last read."),
    "moves": (_COUNT, "Moves that runs of this stack have made of it."),
    STANDING: (_TEXT, "How a machine stands that a run leaves out."),
    LAST_MOVES: ({"type": "array", "items": {"$ref": _ANY}}, "Its last moves, the newest last."),
    HOME: (_map("string"), "Where it was before maintenance drove it away."),
}
_HOST: Final[Mapping[str, tuple[Mapping[str, Any], str]]] = {
    "enabled": (_FLAG, "Whether the host takes part in live migrations."),
    "authentication": (_TEXT, "How it logs on at another host: kerberos or credssp."),
    "liveLimit": (_COUNT, "Live migrations at once."),
    "storageLimit": (_COUNT, "Storage migrations at once."),
    "performance": (_TEXT, "How memory travels: tcp, compression or smb."),
    "networks": (_list("string"), "Networks for live migrations, in their order."),
    "reachable": (_FLAG, "Whether the host answered when it was last read."),
}
_ACCOUNT: Final[Mapping[str, tuple[Mapping[str, Any], str]]] = {
    "account": (_TEXT, "Full name of the host's account."),
    "mode": (_TEXT, "How entries are treated."),
    "entries": ({"type": "object", "additionalProperties": {"$ref": _ANY}}, "Services that the account may act at."),
    "silent": (_list("string"), "Hosts that did not answer."),
    "refused": (_map("string"), "Hosts whose account is not touched, and why."),
    "onDelete": (_TEXT, "What becomes of entries when the account is no longer declared."),
    "dn": (_TEXT, "Distinguished name of the account."),
    "absent": (_list("string"), "Declared entries that the account does not have."),
    "added": (_list("string"), "Entries that this stack has added."),
    "reachable": (_FLAG, "Whether the directory answered when it was last read."),
}  # fmt: skip


def package_schema(version: str) -> str:
    """Return the schema of our package as JSON, in the form of Pulumi's metaschema; `version`: a semantic one.

    Nobody is to write programs with these types: the stack file is the program, and the plugin acts by it alone.
    """
    schema = {
        "name": PACKAGE,
        "version": version,
        "description": "Places Hyper-V virtual machines as a stack file says. Resources are declared by the stack file, not by code.",
        "resources": {
            vm_placement.TYPE: _resource(
                "One virtual machine at its place: adopted, moved, read and forgotten, never made or destroyed.",
                _MACHINE,
                inputs=("name", "vmId", *PLACED, "allowed", STANDING, HOME),
                outputs=OUTPUTS,
            ),
            migration_host.TYPE: _resource(
                "How one host takes part in migrations.", _HOST, inputs=migration_host.NAMES, outputs=_HOST
            ),
            migration_delegation.TYPE: _resource(
                "What one host's account may delegate.",
                _ACCOUNT,
                inputs=migration_delegation.INPUTS,
                outputs=migration_delegation.OUTPUTS,
            ),
        },
    }
    return json.dumps(schema)


def _resource(
    about: str,
    known: Mapping[str, tuple[Mapping[str, Any], str]],
    *,
    inputs: Iterable[str],
    outputs: Iterable[str],
) -> dict[str, Any]:
    def properties(names: Iterable[str]) -> dict[str, Any]:
        return {name: {**known[name][0], "description": known[name][1]} for name in names}

    return {"description": about, "properties": properties(outputs), "inputProperties": properties(inputs)}
