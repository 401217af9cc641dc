"""gunicorn's settings for `manage.py up` and for production alike; every one can be overridden on its command line."""

import multiprocessing
import os
import re
import signal
from pathlib import Path
from runpy import run_path
from typing import Any

from gunicorn.glogging import Logger

os.environ["CLOUD_ACCOUNTS_PROCESS"] = "web"  # see config/databases.py
# Each one multiplies the connections to the databases: docs/operations.md adds them up.
workers = min(4, multiprocessing.cpu_count())
threads = 8  # that answer pages; reading, probes and calls that wait for clouds have their own (running/web_worker.py)
timeout = 60  # above the 25 seconds that a validation by API may take
# Less than `manage.py up` waits before it kills (GRACE in running/supervisor.py).
graceful_timeout = 15
# Longer than clients and balancers keep an idle connection (60 s at AWS's and nginx's defaults): where the server ends
# it first, whoever uses it again at that moment loses the answer. An idle connection holds no thread.
keepalive = 75
max_requests = 5000  # a worker that leaks memory is replaced before it matters; the jitter spreads that
max_requests_jitter = 500
# config.middleware decides about X-Forwarded-* by TRUSTED_PROXIES; gunicorn itself trusts nobody.
forwarded_allow_ips = ""
control_socket_disable = True
_MEMORY = "/dev/shm"  # noqa: S108 # nosec B108 # heartbeat files, not data
worker_tmp_dir = _MEMORY if Path(_MEMORY).is_dir() else None

_HERE = Path(__file__).resolve().parent
# Run, not imported: a module that this process has imported would stay the old one for workers after a reload (SIGHUP).
_LOGS = run_path(str(_HERE / "logs.py"), run_name="gunicorn_logs")
_SHUTDOWN = run_path(str(_HERE / "running" / "shutdown.py"), run_name="gunicorn_shutdown")


def _log_format() -> str:
    """From the environment or the .env file, which `config.env` reads in the processes that serve."""
    file = _HERE.parent / ".env"
    match = re.search(r"^(?:export )?LOG_FORMAT=[\"']?(\w*)", file.read_text() if file.exists() else "", re.MULTILINE)
    return os.environ.get("LOG_FORMAT", match[1] if match else "").strip()


class RedactedLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """Redacts gunicorn's own lines too: they contain what strangers send, such as request lines and addresses."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        kind = "JsonFormatter" if _log_format() == "json" else "RedactingFormatter"
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(_LOGS[kind]())


logger_class = RedactedLogger


_LANES = run_path(str(_HERE / "running" / "lanes.py"), run_name="gunicorn_lanes")
_WORKER = run_path(str(_HERE / "running" / "web_worker.py"), run_name="gunicorn_web_worker")
_LaneWorker: Any = _WORKER["LaneWorker"]


class Worker(_LaneWorker):  # type: ignore[misc]
    """Told to end while it still loads the product, it does: gunicorn's own would only note that until it serves."""

    lanes = _LANES

    def load_wsgi(self) -> None:
        with _SHUTDOWN["ends_at_once"]():
            super().load_wsgi()


worker_class = Worker


def _hold_sigterm() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))


def _let_sigterm_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))


def _obey_sigterm() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _let_sigterm_through()


# A new worker begins with its parent's handler, which only notes a signal for the parent: one that came then was lost,
# and the parent waited for the whole graceful_timeout.
os.register_at_fork(before=_hold_sigterm, after_in_parent=_let_sigterm_through, after_in_child=_obey_sigterm)
