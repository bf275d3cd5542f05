"""Waiting for moves that go on: hosts are asked for their jobs until none of these runs, or nobody reports on it any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.inventory import read_jobs
from hyperv_placement.planning.interrupted import Became, Fate

Say = Callable[[str], None]
_PAUSE_S = 2.0
"""Seconds between two looks."""
_SILENCE_S = 15 * 60.0
"""Seconds without any answer of a host after which its moves are waited for no longer; a run does the same."""
_STEP = 5
"""Percent between two lines about one move."""


def wait_for_moves(estate: Estate, fates: Sequence[Fate], say: Say, *, most: float | None = None) -> None:
    """Wait for the moves that go on, `most` seconds at most. KeyboardInterrupt goes through: the moves stay with their hosts."""
    begun = estate.clock.now()
    waiting = {fate.vm_id: fate for fate in fates if fate.became is Became.GOES_ON and fate.host is not None}
    said = {fate.vm_id: fate.percent or 0 for fate in waiting.values()}
    heard = dict.fromkeys((fate.host for fate in waiting.values()), estate.clock.now())
    for fate in waiting.values():
        say(f"{fate.name}: {fate.text}")
    while waiting and (most is None or estate.clock.now() - begun < most):
        estate.clock.wait(_PAUSE_S)
        for host in sorted({fate.host for fate in waiting.values() if fate.host is not None}):
            try:
                running = {job.vm_id: job.percent for job in read_jobs(estate.client(host))}
            except PlacementError as error:
                if estate.clock.now() - heard[host] > _SILENCE_S:
                    say(f"{host} does not report on its moves any more: {error}")
                    waiting = {vm: fate for vm, fate in waiting.items() if fate.host != host}
                continue
            heard[host] = estate.clock.now()
            for vm in [vm for vm, fate in waiting.items() if fate.host == host]:
                if vm not in running:
                    say(f"{waiting.pop(vm).name}: its job has ended")
                elif running[vm] >= said[vm] + _STEP:
                    said[vm] = running[vm]
                    say(f"{waiting[vm].name}: {running[vm]} %")
