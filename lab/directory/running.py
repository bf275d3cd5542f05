"""A domain controller that runs: started, waited for, and stopped, also one that a killed lab has left behind."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from .configuration import KRB5, SMB
from .errors import DirectoryError
from .packages import Samba

_PID = Path("run", "samba.pid")  # where Samba writes it
_OUTPUT = "samba.out"
_READY = (88, 389, 636)
_START_PATIENCE, _STOP_PATIENCE, _POLL = 30.0, 10.0, 0.02  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """Samba in one process, a child of ours."""

    folder: Path
    address: str
    process: subprocess.Popen[bytes]

    def wait_ready(self) -> None:
        """Wait until it answers. Raises DirectoryError where it ends, or does not within 30 s."""
        waiting = time.monotonic() + _START_PATIENCE
        for port in _READY:
            while not _listens(self.address, port):
                if not self.runs:
                    raise DirectoryError(
                        f"the directory ended at once; its words are in {self.folder / _OUTPUT}"
                    )
                if time.monotonic() > waiting:
                    self.stop()
                    raise DirectoryError(
                        f"the directory does not answer; its words are in {self.folder / _OUTPUT}"
                    )
                time.sleep(_POLL)

    @property
    def runs(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it, and wait until it has gone; a second time does nothing."""
        self.process.terminate()
        try:
            self.process.wait(_STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


def start(samba: Samba, library: Path, folder: Path, address: str) -> Controller:
    """Start the domain controller of `folder`, whose smb.conf names `address`; it does not answer yet.

    Its standard input is a pipe that nobody writes to: with -i Samba ends by itself when the other end closes, so
    it does not outlive the lab, however that ends.
    """
    with (folder / _OUTPUT).open("wb") as words:
        process = subprocess.Popen(
            [samba.server, "-i", "--no-process-group", "-M", "single", "-s", str(folder / SMB)],
            cwd=folder,
            env={**os.environ, "KRB5_CONFIG": str(folder / KRB5), "LD_PRELOAD": str(library)},
            stdin=subprocess.PIPE,
            stdout=words,
            stderr=subprocess.STDOUT,
            umask=0o077,
        )
    return Controller(folder=folder, address=address, process=process)


def end_leftover(folder: Path) -> bool:
    """End the domain controller that a killed lab has left in `folder`; return whether there was one.

    A process of that number which is not this folder's is left alone: numbers are used again. Raises DirectoryError
    where it does not end.
    """
    process = _leftover(folder)
    if process is None:
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
        _, alive = psutil.wait_procs([process], timeout=_STOP_PATIENCE)
        for one in alive:
            one.kill()
        if psutil.wait_procs(alive, timeout=_STOP_PATIENCE)[1]:
            raise DirectoryError(f"the old directory (process {process.pid}) does not end")
    return True


def _leftover(folder: Path) -> psutil.Process | None:
    """Return the process whose number is noted, if it is a Samba that runs in this folder.

    Samba overwrites its arguments ("samba: root process"), so the working folder, which no other process
    has, tells whose it is.
    """
    try:
        process = psutil.Process(int((folder / _PID).read_text(encoding="ascii")))
        ours = process.name() == "samba" and Path(process.cwd()) == folder
    except (OSError, ValueError, psutil.Error):
        return None
    return process if ours else None


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True
