"""Runs the sandbox as a process of its own: for the tests, the benchmarks and `up --sandbox`.

A process, since moto keeps its state in module globals and would share the interpreter's lock with what is measured.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from sandbox import ENABLED_BY
from sandbox.control import Control
from sandbox.files import DESCRIPTION_FILE, read_json

REPOSITORY = Path(__file__).resolve().parents[1]
READY_SECONDS = 180.0
STOP_SECONDS = 10.0


class Rig:
    """`start()` returns once everything answers; the process also ends when this one does, however it ends."""

    module = "sandbox"  # what runs in the process

    def __init__(self, data_dir: Path | str, port: int = 0) -> None:
        self.data_dir = Path(data_dir)
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._description: dict[str, Any] = {}

    def start(self) -> Self:
        """Raises RuntimeError with the process' own words where it does not come up."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        path = self.data_dir / DESCRIPTION_FILE
        # The file says that the sandbox is ready; one that was killed left its own behind. Only the process that claims
        # the folder may take that away: another may be running on it, and is found by nothing else.
        before = read_json(path)
        log_path = self.data_dir / "sandbox.log"
        self._log = log_path.open("ab")
        command = [sys.executable, "-m", self.module, "--data-dir", str(self.data_dir), "--end-with-stdin"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module, by this interpreter
            [*command, "--port", str(self._port)],
            cwd=REPOSITORY,
            env={**_without_proxies(os.environ), ENABLED_BY: "1"},
            stdin=subprocess.PIPE,  # closed when this process ends, even by SIGKILL: then the sandbox ends as well
            stdout=self._log,
            stderr=self._log,
        )
        deadline = time.monotonic() + READY_SECONDS
        while (description := read_json(path)) in (None, before):  # each start has a token of its own
            # A process that has ended is not waited for: its log says why.
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the sandbox did not start:\n{log_path.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        self._description = description
        return self

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._log is not None:
            self._log.close()
            self._log = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def env(self) -> dict[str, str]:
        """What a product process needs in its environment to live in the sandbox."""
        return dict(self._description["env"])

    @property
    def credentials(self) -> list[dict[str, Any]]:
        """The scenarios; see `scenario` for one by its title."""
        return json.loads(json.dumps(self._description["credentials"]))  # type: ignore[no-any-return] # JSON

    def scenario(self, title: str, cloud: str = "aws") -> dict[str, Any]:
        """One ready-to-paste scenario by its title."""
        for scenario in self.credentials:
            if (scenario["cloud"], scenario["title"]) == (cloud, title):
                return scenario
        raise LookupError(f"no scenario {title!r}; there are {[scenario['title'] for scenario in self.credentials]}")

    @property
    def proxy_url(self) -> str:
        return self.env["HTTPS_PROXY"]

    @property
    def ca_bundle(self) -> str:
        return self.env["AWS_CA_BUNDLE"]

    @property
    def control(self) -> Control:
        return Control(self._description["control_url"], self._description["control_token"])


# The developer's own proxy must not come between the sandbox and itself.
def _without_proxies(environment: "os._Environ[str]") -> dict[str, str]:
    return {key: value for key, value in environment.items() if not key.lower().endswith("_proxy")}
