"""Hostile messages cost little: each is refused, or read, by a process that has few seconds and little memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from hyperv_placement.wsman import names, resource_uri

SECONDS, MEMORY = 20, 1 << 30
"""What the process may use in all; it is ended by the system beyond that."""
TREE_KIB = 24 << 10
"""What a message may take beside its own bytes: with 24 MiB of rows, and four answers as they come, what a host may cost."""
URI = resource_uri("Msvm_ComputerSystem")
READER = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import decode_embedded, decode_request, decode_response
content = sys.stdin.buffer.read()
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
open("/proc/self/clear_refs", "w").write("5")
before = peak()
for decode in (decode_response, decode_request, lambda sent: decode_embedded(sent.decode("utf-8", "replace"))):
    try:
        decode(content)
        print("read")
    except ProtocolError:
        print("refused")
print(peak() - before)
"""


def page(content: bytes, declared: bytes = b"") -> bytes:
    """Return a page with this content."""
    return (
        f'<s:Envelope xmlns:s="{names.SOAP}" xmlns:n="{names.ENUMERATION}" xmlns:p="{URI}" xmlns:xsi="{names.XSI}" '
    ).encode() + declared + b"><s:Body><n:PullResponse><n:Items>" + content + (
        b"</n:Items></n:PullResponse></s:Body></s:Envelope>"
    )  # fmt: skip


def instance(content: bytes) -> bytes:
    """Return a page of one instance with these properties."""
    return page(b"<p:Msvm_ComputerSystem>" + content + b"</p:Msvm_ComputerSystem>")


def laughs() -> bytes:
    """A billion laughs: entities that grow tenfold nine times."""
    grown = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY l0 "lol">{grown}]>'.encode() + instance(b"<p:Name>&l9;</p:Name>")


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a billion laughs": (laughs, "refused"),
    "one entity, many times": (
        lambda: b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 100_000 + b'">]>' + instance(b"&a;" * 100_000), "refused",
    ),
    "an external document": (
        lambda: b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + instance(b"<p:Name>a</p:Name>"), "refused",
    ),
    "an array of 40,000": (lambda: instance(b"<p:Roles/>" * 40_000), "read"),
    "too many tags": (lambda: page(b"<p:X/>" * 2_000_000), "refused"),
    "attributes of one element": (
        lambda: page(b"<p:X " + b" ".join(b'a%d="1"' % i for i in range(29_000)) + b"/>"), "refused",
    ),
    "namespaces around objects": (
        lambda: page(
            b'<p:X><p:Y xsi:type="p:Z"><p:A/></p:Y></p:X>' * 8_000,
            b" ".join(b'xmlns:a%d="u%d"' % (i, i) for i in range(25_000)),
        ),
        "read",
    ),
    "nesting": (lambda: b"<x>" * 1_000_000, "refused"),
    "as deep as may be, and full of elements": (
        lambda: instance(b"<p:A>" * 55 + b"<p:B/>" * 40_000 + b"</p:A>" * 55), "read",
    ),
    "too deep, and full of elements": (
        lambda: instance(b"<p:A>" * 70 + b"<p:B/>" * 40_000 + b"</p:A>" * 70), "refused",
    ),
    "many that are too wide": (
        lambda: page((b"<p:X " + b" ".join(b'a%d=""' % i for i in range(70)) + b"/>") * 700), "refused",
    ),
    "comments": (lambda: page(b"<!--a-->" * 40_000), "read"),
    "instructions": (lambda: page(b"<?a b?>" * 40_000), "refused"),
    "one long text": (lambda: instance(b"<p:Name>" + b"a" * 1_000_000 + b"</p:Name>"), "read"),
    "one long number": (lambda: instance(b"<p:EnabledState>" + b"9" * 1_000_000 + b"</p:EnabledState>"), "read"),
    "one long time": (
        lambda: instance(b"<p:InstallDate>P" + b"1" * 1_000_000 + b"D</p:InstallDate>"), "read",
    ),
    "one long name": (lambda: page(b"<p:" + b"a" * 1_000_000 + b"/>"), "refused"),
    "too large": (lambda: instance(b" " * (2 << 20)), "refused"),
    "rows of nothing": (lambda: page(b"<p:X/>" * 40_000), "read"),
    "properties of names of their own": (
        lambda: instance(b"".join(b"<p:P%d/>" % i for i in range(40_000))), "read",
    ),
    "attributes": (lambda: page(b'<p:X a="" b="" c="" d=""/>' * 12_000), "read"),
    "UTF-16 of an array": (
        lambda: instance(b"<p:Roles/>" * 40_000).decode().encode("utf-16"), "read",
    ),
}  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory hold on Linux alone")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_costs_little(name: str) -> None:
    """As an answer it is refused or read as told; as a request or an embedded instance it must only come to an end."""
    make, expected = HOSTILE[name]
    done = subprocess.run([sys.executable, "-c", READER], input=make(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    answer, request, embedded, growth = done.stdout.decode().split()
    assert int(growth) < TREE_KIB
    assert (answer, embedded) == (expected, "refused")
    assert request in {"read", "refused"}
