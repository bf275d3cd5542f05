"""Another process of this computer that calls a plugin: every call of Pulumi's protocol, and some that are none of it.

`stranger.py UID`: a user to become, or -1. Then the plugin's port is read, and an answer printed for each call:
its name, a blank, and the status it came back with.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from google.protobuf.message_factory import GetMessageClass
from pulumi.runtime.proto import provider_pb2

SERVICE = provider_pb2.DESCRIPTOR.services_by_name["ResourceProvider"]
TYPE = "pulumi-python:hv:Vm"


def orders() -> Iterator[tuple[str, bytes]]:
    """Yield every call with an empty request, and then those that would do something."""
    for method in SERVICE.methods:
        yield method.name, GetMessageClass(method.input_type)().SerializeToString()
    yield "Undreamt", b""
    properties = struct_pb2.Struct()
    properties.update({"name": "VM005", "host": "hv3"})
    urn = f"urn:pulumi:lab::hyperv-placement::{TYPE}::VM005"
    move = provider_pb2.CreateRequest(urn=urn, type=TYPE, properties=properties)
    yield "Create", move.SerializeToString()
    foreign = f"urn:pulumi:x/evil::hyperv-placement::{TYPE}::VM001"
    yield "Read", provider_pb2.ReadRequest(id="VM001", urn=foreign, type=TYPE).SerializeToString()
    yield "Cancel", empty_pb2.Empty().SerializeToString()


def called(channel: Any, name: str, request: bytes) -> str:
    """Return the status that a call comes back with."""
    call = channel.unary_stream(f"/pulumirpc.ResourceProvider/{name}")
    try:
        list(call(request, timeout=60))
    except grpc.RpcError as error:
        return f"{error.code().name}: {error.details()}"
    return "OK"


def main() -> None:
    """Become the user, wait for the port, call."""
    if (user := int(sys.argv[1])) >= 0:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    port = int(sys.stdin.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
        json.dump([(name, called(channel, name, request)) for name, request in orders()], sys.stdout)


main()
