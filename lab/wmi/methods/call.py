"""One call of a method: who calls, on what, with which arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hyperv_placement.wsman import (
    Argument,
    CimType,
    EndpointReference,
    Instance,
    Invoke,
    Value,
    catalogue,
)
from hyperv_placement.wsman.messages import Malformed
from lab.wmi import cim_literals
from lab.wmi.accounts import Caller
from lab.wmi.reading import Reader
from lab.wmi.refusal import RequestRefusedError

Outputs = Mapping[str, Value]
"""Out parameters in MOF order, ReturnValue last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A method's call, its target found; hold the world's lock meanwhile."""

    reader: Reader
    caller: Caller
    target: Instance
    request: Invoke

    def expect(self, *names: str) -> None:
        """Refuse arguments that the method has not, and those of the wrong shape, as SchemaValidationError.

        For wrapped references and element trees as r4sd/go-wsman saw; for unknown arguments a guess.
        """
        for name, value in self.request.arguments.items():
            parts = value if isinstance(value, tuple) else (value,)
            if name not in names or any(isinstance(part, Malformed) for part in parts):
                raise self.schema_error()

    def note_not_served(self, what: str) -> None:
        """Log what a host would have done and the lab refuses by a ReturnValue."""
        self.reader.world.log.write(
            "not-served",
            host=self.reader.host.name,
            what=what,
            by=self.caller.name,
            address=self.caller.address,
        )

    def schema_error(self) -> RequestRefusedError:
        """Return the fault for a body of the wrong shape."""
        return RequestRefusedError(catalogue.schema_validation_error(self.reader.machine))

    def text(self, name: str) -> str | None:
        """Return a string argument, None where it is NULL or missing. Raises RequestRefusedError."""
        value = self.argument(name)
        if value is None or isinstance(value, str):
            return value
        raise self.schema_error()

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a string array, empty where it is NULL. Raises RequestRefusedError."""
        value = self.argument(name)
        parts = value if isinstance(value, tuple) else (value,)
        listed = tuple(part for part in parts if isinstance(part, str))
        if value is None or len(listed) == len(parts):
            return listed
        raise self.schema_error()

    def reference(self, name: str) -> EndpointReference | None:
        """Return a reference, None where it is NULL. Raises RequestRefusedError."""
        value = self.argument(name)
        if value is None or isinstance(value, EndpointReference):
            return value
        raise self.schema_error()

    @staticmethod
    def number(text: str, kind: CimType) -> int | None:
        """Return a number as a parameter of this type holds it, None where the text is no such number."""
        try:
            read = cim_literals.read(text, kind)
        except (ValueError, OverflowError):
            return None
        return read if isinstance(read, int) else None

    def argument(self, name: str) -> Argument:
        """Return an argument as it came."""
        return self.request.arguments.get(name)
