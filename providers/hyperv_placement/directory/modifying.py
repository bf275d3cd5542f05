"""A change of an account as the steps of one Modify: all or nothing, without overwriting changes of others."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model.directory import AccountChange
from hyperv_placement.planning.delegation.entries import changed_descriptor, changed_flags

from .accounts import ACTING, DELEGATE_TO, FLAGS
from .messages import Modification


def steps_of(change: AccountChange) -> list[Modification]:
    """Return the steps: values of lists are added and removed singly, and a single value is exchanged for exactly what was read.

    If that is no longer there, the directory refuses the whole change, so that nobody's change in between is lost.
    """
    account = change.account
    steps: list[Modification] = []
    # Never "replace": it would write over what somebody has added since the account was read.
    if change.delegate_to:
        steps.append(
            Modification(operation="add", attribute=DELEGATE_TO, values=_encoded(change.delegate_to))
        )
    if change.not_to:
        steps.append(Modification(operation="delete", attribute=DELEGATE_TO, values=_encoded(change.not_to)))
    if (flags := changed_flags(change)) != account.flags:
        steps += _exchange(FLAGS, str(account.flags).encode(), str(flags).encode())
    if (descriptor := changed_descriptor(change)) != account.descriptor:
        steps += _exchange(ACTING, account.descriptor, descriptor)
    return steps


def _exchange(attribute: str, before: bytes, after: bytes) -> Iterator[Modification]:
    """That a domain controller takes old and new value of userAccountControl in one Modify is unverified."""
    if before:
        yield Modification(operation="delete", attribute=attribute, values=(before,))
    if after:
        yield Modification(operation="add", attribute=attribute, values=(after,))


def _encoded(texts: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(text.encode() for text in texts)
