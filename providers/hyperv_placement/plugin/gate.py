"""The gate before every call of the plugin, known methods and unknown ones.

It decides before a request is read, so that a stranger's request costs neither its size nor its decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc

Refusal = Callable[[str], str | None]
"""Returns why a peer, by the name that gRPC gives it, is not served; None where it is."""


_LONGEST = 40
"""Characters of a method's name; those of Pulumi have at most 20."""


class Gate(grpc.ServerInterceptor):  # type: ignore[misc, type-arg, unused-ignore]
    """Serves a call where its peer is served."""

    def __init__(self, refusal: Refusal, report: Callable[[str], None]) -> None:
        """`report`: is given a line for each call that is refused."""
        self._refusal = refusal
        self._report = report

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        """Return what answers a call: the refusal, or what would answer it without the gate."""
        handler = continuation(handler_call_details)
        name = str(handler_call_details.method).rpartition("/")[2]
        # The caller chooses it, and it is printed: only what could be a method of Pulumi's is repeated.
        printable = name.isascii() and name.isidentifier() and len(name) <= _LONGEST
        method = name if printable else "an unknown call"

        def admit(context: grpc.ServicerContext) -> None:
            why = self._refusal(context.peer())
            if why is not None:
                self._report(f"{method}: {why}")
                context.abort(
                    grpc.StatusCode.PERMISSION_DENIED,
                    f"This plugin serves the run that started it alone: {why}",
                )

        return _behind(admit, handler)


def _behind(admit: Callable[[Any], None], handler: Any) -> Any:
    """Return a handler that admits the peer before it reads the request.

    gRPC reads a single request before its handler is called, and a stream as the handler asks for it; on the wire they are the same. So
    every method is served as one that takes a stream.
    """
    if handler is None:
        # Left to gRPC it would be answered without a look at who calls, and a stranger would not be reported.
        def unknown(_requests: Any, context: grpc.ServicerContext) -> None:
            admit(context)
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")  # gRPC's own words

        return grpc.stream_unary_rpc_method_handler(unknown)
    inner = handler.stream_stream or handler.stream_unary or handler.unary_stream or handler.unary_unary

    def of(requests: Iterator[Any]) -> Any:
        return requests if handler.request_streaming else next(requests)

    def once(requests: Iterator[Any], context: grpc.ServicerContext) -> Any:
        admit(context)
        return inner(of(requests), context)

    def many(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        admit(context)
        yield from inner(of(requests), context)

    if handler.response_streaming:
        return grpc.stream_stream_rpc_method_handler(
            many, handler.request_deserializer, handler.response_serializer
        )
    return grpc.stream_unary_rpc_method_handler(
        once, handler.request_deserializer, handler.response_serializer
    )
