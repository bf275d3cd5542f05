"""Namespaces that a host may lack: whether it does is asked of the namespace above, whose answer is the same in every form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hyperv_placement.errors import WsmanFaultError
from hyperv_placement.wsman import Instance

from .client import Client
from .faults import NoNamespaceFaultError
from .projection import Where

ROOT = "root"


def has_namespace(client: Client, namespace: str) -> bool:
    """Say whether the host has a namespace: the one above lists its children (win32 page of __Namespace).

    All of them, also one that the account may not read (MS-WMI 3.1.4.18.2): who may read the one above sees what is there.
    Raises WsmanFaultError where it does not say, as where the account may not read the namespace above, and the errors
    of transport.
    """
    parent, _, name = namespace.rpartition("/")
    try:
        rows = client.query("__NAMESPACE", "Name", where={"Name": name}, namespace=parent)
    except NoNamespaceFaultError:
        if parent == ROOT:
            raise  # every host has it
        rows = []
    found = bool(rows)  # one of another name does not fit what was asked
    client.remember_lacking(namespace, lacks=not found)
    return found


@dataclass(slots=True)
class Above:
    """The question to the namespace above, asked at most once, and what came of it."""

    client: Client
    namespace: str
    asked: bool = field(default=False, init=False)
    refusal: WsmanFaultError | None = field(default=None, init=False)
    """Why it did not say."""

    def ask(self, cause: WsmanFaultError | None = None) -> None:
        """Raise NoNamespaceFaultError where the host lacks the namespace; return where it has it, or does not say."""
        if self.asked:
            return
        self.asked = True
        try:
            found = has_namespace(self.client, self.namespace)
        except WsmanFaultError as error:
            self.refusal = error
            return
        if not found:
            raise NoNamespaceFaultError(
                f"{self.client.host.name} has no namespace {self.namespace}"
            ) from cause


def query_if_there(
    client: Client,
    class_name: str,
    *properties: str,
    namespace: str,
    where: Where | None = None,
    kept: Callable[[Instance], Instance] | None = None,
    above: Above | None = None,
) -> list[Instance]:
    """Do as `Client.query`, in a namespace that the host may lack.

    Raises NoNamespaceFaultError only where that is proven: by a fault that says so, or by the namespace above. A query that is
    refused proves nothing, for an unknown property is refused alike. `above`: keeps what the namespace above said.
    """
    above = above or Above(client, namespace)
    if client.was_lacking(namespace):
        above.ask()
    try:
        return client.query(
            class_name, *properties, where=where, namespace=namespace, kept=kept, refused=above.ask
        )
    except NoNamespaceFaultError:
        raise
    except WsmanFaultError as error:
        if not error.retryable:
            above.ask(error)
        raise
