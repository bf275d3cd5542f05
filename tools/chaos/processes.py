"""A `bin/pulumi` in a session of its own: the processes that it consists of, their memory, and its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from tools.workspace import Workspace, stop_session

ENGINE, PLUGIN, PROGRAM, LANGUAGE_HOST = "engine", "plugin", "program", "language host"
ROLES = (ENGINE, PLUGIN, PROGRAM, LANGUAGE_HOST)
OWN = (PLUGIN, PROGRAM)
"""Processes of ours; the others are Pulumi's."""
_HANG_S = 400.0
"""Seconds after which a run is taken to hang, once nothing disturbs it any more: requests give up after a minute."""
_LAST_S = 30.0


class Run:
    """One run of the engine, or of another program of the project."""

    def __init__(
        self, workspace: Workspace, log: Path, *words: str, program: Sequence[str] = ("pulumi",)
    ) -> None:
        """Start it, its output going to `log`."""
        self.words, self.log = words, log
        self.killed = False
        """Somebody of the round has ended the engine, so that it had no last word."""
        self.hung = False
        self.peak: dict[int, int] = {}
        """The most memory of each plugin process, in bytes."""
        with log.open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                workspace.command(*program, *words), cwd=workspace.folder, env=workspace.environment,
                stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def find(self, role: str) -> list[psutil.Process]:
        """Return the processes of a role that run."""
        if role != ENGINE:
            return [each for each in self.session() if _role(each) == role]
        # The wrapper becomes the engine, or has it right below itself, where it shows its lines through a sieve.
        return [each for each in self.session() if _role(each) == ENGINE and self._is_own(each)]

    def _is_own(self, process: psutil.Process) -> bool:
        """Say whether it is the started process, or right below it: an engine that a command of ours asks lies deeper."""
        try:
            return self.process.pid in {process.pid, process.ppid()}
        except psutil.Error:
            return False

    def session(self) -> list[psutil.Process]:
        """Return all processes of the run's session that run."""
        found = []
        for pid in psutil.pids():
            with contextlib.suppress(OSError, psutil.Error):
                if os.getsid(pid) == self.process.pid:
                    process = psutil.Process(pid)
                    found += [process] if process.status() != psutil.STATUS_ZOMBIE else []
        return found

    def signal(self, roles: Sequence[str], number: int) -> bool:
        """Send a signal to the processes of some roles; return False where none of them runs."""
        found = [each for role in roles for each in self.find(role)]
        for each in found:
            with contextlib.suppress(psutil.Error):
                each.send_signal(number)
        if found and ENGINE in roles and number in (signal.SIGKILL, signal.SIGHUP):
            self.killed = True
        return bool(found)

    def press(self, number: int) -> bool:
        """Send a signal to the foreground group, as a terminal does; return False where the run has ended."""
        if self.process.poll() is not None or not self.find(ENGINE):
            return False
        os.killpg(self.process.pid, number)
        self.killed |= number == signal.SIGHUP
        return True

    def kill(self) -> bool:
        """Kill all of its processes at once, as a computer does that goes down."""
        stop_session(self.process.pid)
        self.killed = True
        return True

    def measure(self) -> None:
        """Note how much memory the plugin has now."""
        for each in self.find(PLUGIN):
            with contextlib.suppress(psutil.Error):
                self.peak[each.pid] = max(self.peak.get(each.pid, 0), each.memory_info().rss)

    def ended(self) -> int:
        """Wait for the end and return the exit code; one that hangs is interrupted, and then killed."""
        if (code := self._waited(_HANG_S)) is not None:
            # It met the engine before that listened to it, which had no last word then.
            self.killed |= code == -signal.SIGTERM
            return code
        self.hung = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        if (code := self._waited(_LAST_S)) is not None:
            return code
        self.stop()
        return self.process.wait()

    def _waited(self, seconds: float) -> int | None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.process.wait(1.0)
            self.measure()
        return None

    def text(self) -> str:
        """Return what it printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def left(self) -> list[str]:
        """Return the processes of ours that outlive the run, after the seconds that they may take to notice its end."""
        own = [each for role in OWN for each in self.find(role)]
        _, alive = psutil.wait_procs(own, timeout=10)
        return [f"{_role(each)} {each.pid}" for each in alive]

    def stop(self) -> None:
        """Leave nothing behind, whether it runs or was killed."""
        self.killed |= self.process.poll() is None
        stop_session(self.process.pid)
        self.process.wait()


def _role(process: psutil.Process) -> str:
    """Return the role of a process, by its command line; an empty one for any other."""
    try:
        words = process.cmdline()
    except psutil.Error:
        return ""
    line = " ".join(words)
    name = Path(words[0]).name if words else ""
    if name == "pulumi":
        return ENGINE
    if name == "pulumi-language-python":
        return LANGUAGE_HOST
    if "pulumi-language-python-exec" in line:
        return PROGRAM
    return PLUGIN if "hyperv_placement" in line and "plugin" in line else ""
