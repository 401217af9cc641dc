"""Stands between a worker and a second engine: whatever ends the worker ends the engine, and takes its files along.

Run as a file by the bare interpreter (``python -I -S watcher.py FOLDER BYTES COMMAND …``), so it imports the standard
library alone. Its standard input is a pipe that the worker holds: it ends with the worker, also by kill -9. The
kernel's signal to children of a dead parent is not enough: it reaches one process, and leaves the key's file.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from typing import NoReturn

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# Found here and not in the child: between fork and exec the dynamic loader's lock may not be taken.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def main(folder: str, most_bytes: int, command: list[str]) -> int:
    def end() -> NoReturn:
        # The key first: what is left of the group dies by a signal that nothing can handle.
        shutil.rmtree(folder, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)
        os._exit(1)

    def wait_for_the_worker() -> None:
        while os.read(0, 64):
            pass
        end()

    # The worker started this process as the leader of a session; never kill anybody else's group.
    if os.getpgrp() != os.getpid():
        return 97
    signal.signal(signal.SIGTERM, lambda *_: end())
    threading.Thread(target=wait_for_the_worker, daemon=True).start()
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the credential
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    # The operator's executable, by its path, without a shell.
    child = subprocess.Popen(  # noqa: S603
        command, cwd=folder, stdin=subprocess.DEVNULL, preexec_fn=_die_with_the_watcher
    )
    code = child.wait()
    return 128 - code if code < 0 else code


def _die_with_the_watcher() -> None:
    if _prctl:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
