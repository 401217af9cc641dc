"""Starts and stops everything: emulators, proxy and control API, on loopback."""

import fcntl
import os
import secrets
import threading
from pathlib import Path
from typing import IO, Any

from sandbox.authority import Authority
from sandbox.aws.emulator import AwsEmulator
from sandbox.azure.emulator import AzureEmulator
from sandbox.control_api import ControlApi
from sandbox.emulator import Emulator
from sandbox.faults import Faults
from sandbox.files import DESCRIPTION_FILE, private_folder, read_json, write_json
from sandbox.gcp.emulator import GcpEmulator
from sandbox.journal import Journal
from sandbox.proxy import Proxy
from sandbox.receivers.emulator import ReceiversEmulator

LOOPBACK = "127.0.0.1,localhost"


class Sandbox:
    """All simulated clouds in one process. `port` is the proxy's; 0 takes the last start's, or any free one."""

    def __init__(self, data_dir: Path, port: int = 0) -> None:
        self.data_dir = private_folder(data_dir)
        self._lock = self._claim()
        (self.data_dir / DESCRIPTION_FILE).unlink(missing_ok=True)  # left behind by a sandbox that was killed
        self.faults = Faults()
        self.journal = Journal()
        self.authority = Authority(self.data_dir)
        self.receivers = ReceiversEmulator(self.data_dir, self.faults, self.journal)
        self.emulators: list[Emulator] = [
            AwsEmulator(self.data_dir, self.faults, self.journal),
            AzureEmulator(self.data_dir, self.faults, self.journal),
            GcpEmulator(self.data_dir, self.authority, self.faults, self.journal),
            self.receivers,
        ]
        self.proxy = self._open_proxy(port)
        # Another token at each start: whoever read the last one cannot command this sandbox.
        self.control = ControlApi(secrets.token_urlsafe(32), self.emulators, self.faults, self.journal)

    def start(self) -> dict[str, Any]:
        """Serves in threads of its own; returns (and writes to sandbox.json) how to reach it."""
        # The file last: whoever waits for it finds everything answering.
        for server in (self.proxy, self.control):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        description = self.description()
        write_json(self.data_dir / DESCRIPTION_FILE, description)
        return description

    def stop(self) -> None:
        # The file first: nobody is to find a sandbox that is about to stop.
        (self.data_dir / DESCRIPTION_FILE).unlink(missing_ok=True)
        self.proxy.stopping.set()
        for server in (self.proxy, self.control):
            server.shutdown()
            server.server_close()
        self._lock.close()

    def description(self) -> dict[str, Any]:
        bundle = str(self.authority.bundle)
        proxy = self.proxy.url
        env = {
            # In both cases: libraries differ in which they read.
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": LOOPBACK,
            "no_proxy": LOOPBACK,
            # One for each library: botocore, requests, OpenSSL (aiohttp, urllib3), gRPC.
            "AWS_CA_BUNDLE": bundle,
            "REQUESTS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": bundle,
        }
        for emulator in self.emulators:
            env |= emulator.environment()
        return {
            "env": env,
            "credentials": [scenario for emulator in self.emulators for scenario in emulator.scenarios()],
            "channels": self.receivers.channels(),
            "control_url": self.control.url,
            "control_token": self.control.token,
            "pid": os.getpid(),
        }

    def _claim(self) -> IO[bytes]:
        """Holds the folder for this process; raises RuntimeError where another sandbox has it."""
        # A lock of the kernel's: it is gone with the process, however that ends, so that no stale one is left.
        lock = (self.data_dir / "lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise RuntimeError(f"another sandbox is running on {self.data_dir}") from error
        return lock

    def _open_proxy(self, port: int) -> Proxy:
        """Prefers the port of the last start, so that processes started with the old variables still find it."""
        remembered = self.data_dir / "proxy-port.json"
        # The last start's port first. A port that was asked for must be had, else the start fails.
        for candidate in [port] if port else [read_json(remembered) or 0, 0]:
            try:
                proxy = Proxy(candidate, self.authority, self.emulators, self.faults, self.journal)
            except OSError:
                if port:
                    raise
                continue
            write_json(remembered, proxy.server_address[1])
            return proxy
        raise OSError("no free port on loopback")
