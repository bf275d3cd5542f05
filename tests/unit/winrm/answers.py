"""A client whose host is a function: what it is asked, and what it says, are values."""

from __future__ import annotations

from collections.abc import Callable

from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Connection, HostSpec
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.logins import Logins
from hyperv_placement.wsman import Enumerate, Invoke, Request, Response, decode_response, names
from tests.clocks import FastClock

HEADER = (
    '<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" '
    'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
    'xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Header/><s:Body>'
)
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi"


def envelope(body: str) -> bytes:
    """Return an answer with this body."""
    return f"{HEADER}{body}</s:Body></s:Envelope>".encode()


def rows(*items: str) -> bytes:
    """Return the answer to an optimised Enumerate, whole."""
    return envelope(
        "<n:EnumerateResponse><n:EnumerationContext/>"
        f"<w:Items>{''.join(items)}</w:Items><w:EndOfSequence/></n:EnumerateResponse>"
    )


def projected(**values: str) -> str:
    """Return a row of a projection."""
    content = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return f"<w:XmlFragment>{content}</w:XmlFragment>"


def output(class_name: str, method: str, namespace: str, **values: str) -> bytes:
    """Return the answer to a call."""
    content = "".join(f"<p:{name}>{value}</p:{name}>" for name, value in values.items())
    return envelope(
        f'<p:{method}_OUTPUT xmlns:p="{WMI}/{namespace}/{class_name}">{content}</p:{method}_OUTPUT>'
    )


class Answering(Client):
    """Asks a function instead of a host, and keeps what was asked."""

    def __init__(self, answer: Callable[[str, str], bytes]) -> None:
        """`answer`: takes a namespace and a query, a method, or the class of a plain enumeration."""
        spec = HostSpec(
            name=HostName("hv1"), endpoint="https://hv1.corp.example:5986/wsman", connection=Connection()
        )
        self.clock = FastClock()
        super().__init__(spec, Logins(), self.clock)
        self._answer = answer
        self.asked: list[tuple[str, str]] = []

    def _exchange(self, request: Request) -> Response:
        match request:
            case Enumerate(resource_uri=uri, query=query):
                question = names.namespace_of(uri), query or names.class_of(uri)
            case Invoke(target=target, method=method):
                question = names.namespace_of(target.resource_uri), method
            case _:
                raise AssertionError(request)
        self.asked.append(question)
        return decode_response(self._pace.noted(lambda: self._answer(*question)))
