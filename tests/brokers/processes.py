"""The product's processes as `manage.py up` starts them, one by one, with the toy cloud installed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from cloudaccounts.operations.workers import worker_state
from config.env import ROOT
from config.running.preparation import commands
from tests.brokers import slowcloud
from tests.stack import wait_for

QUEUES = {"worker": "checks", "hearts": "heartbeats", "scanner": "scans", "fleet": "fleet"}


class Product:
    """The product's processes, started by the commands of `manage.py up`."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        """``env`` names the broker, the databases and the data folder."""
        self.folder = folder
        self._env = {key: value for key, value in os.environ.items() if not key.startswith(("TEST_", "PYTEST_"))}
        self._env |= {"LOG_LEVEL": "INFO", slowcloud.FOLDER: str(folder)}
        self._env |= {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))), **env}
        self._running: list[subprocess.Popen[bytes]] = []
        self._names: dict[int, str] = {}
        metadata = folder / "toycloud-1.dist-info"  # the toy cloud as a distribution that is installed
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toycloud\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text(f"[cloudaccounts.providers]\ntoy = {slowcloud.__name__}:PROVIDER\n")

    def worker(self, name: str) -> subprocess.Popen[bytes]:
        """One more worker (worker, hearts, scanner or fleet), ready for work."""
        number = len(self._running)
        command = [part.replace(f"{name}@", f"{name}{number}@") for part in _command(name)]
        process = self._start(f"{name}{number}", command)
        wait_for(
            lambda: self._is_ready(process, f"{name}{number}", QUEUES[name]), seconds=90, what=f"the start of {name}"
        )
        return process

    def beat(self) -> subprocess.Popen[bytes]:
        """One more scheduler, in a hurry, with a memory of its own."""
        number = len(self._running)
        command = [sys.executable, "-m", "celery", "-A", "tests.brokers.hurried", "--quiet", "beat"]
        return self._start(f"beat{number}", [*command, "--schedule", str(self.folder / f"beat{number}")])

    def web(self, port: int) -> subprocess.Popen[bytes]:
        return self._start("web", _command("web", port))

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        self._running.remove(process)

    def end(self) -> None:
        for process in self._running:
            process.kill()
        for process in self._running:
            process.wait(20)

    def hold(self, what: str = "") -> None:
        """Whoever asks the toy cloud from now on waits until `release`; with ``what`` (validate, light, validated: its
        answer is ready, abcdef: about this account) those alone."""
        self._hold(what).touch()

    def release(self, what: str = "") -> None:
        self._hold(what).unlink()

    def _hold(self, what: str) -> Path:
        return self.folder / (f"{slowcloud.HOLD}-{what}" if what else slowcloud.HOLD)

    def visits(self) -> Counter[str]:
        """How often the toy cloud was asked what: "scan abcdef", "validate abcdef", "collect:boxes:left abcdef" …"""
        try:
            lines = (self.folder / slowcloud.JOURNAL).read_text().splitlines()
        except FileNotFoundError:
            lines = []
        return Counter(line.rpartition(" ")[0] for line in lines)

    def processor(self) -> dict[str, float]:
        """Seconds of the processor that each process and its children have taken so far."""
        return {self._names[process.pid]: processor_of(process.pid) for process in self._running}

    def output(self) -> str:
        return "\n".join(f"--- {log.name}\n{log.read_text()[-20000:]}" for log in sorted(self.folder.glob("*.log")))

    def _is_ready(self, process: subprocess.Popen[bytes], name: str, queue: str) -> bool:
        assert process.poll() is None, self.output()
        return " ready." in (self.folder / f"{name}.log").read_text() and worker_state(queue).alive

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        self._running.append(process)
        self._names[process.pid] = name
        return process


def _command(name: str, port: int = 0) -> list[str]:
    return next(command for label, _, command in commands(port) if label == name)


def processor_of(pid: int) -> float:
    """Seconds of the processor, of a process and of the children that it has now."""
    children = (Path(f"/proc/{pid}/task") / str(pid) / "children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime, see proc(5)
    return own + sum(processor_of(int(child)) for child in children)
