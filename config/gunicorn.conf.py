"""gunicorn's settings for `manage.py up` and for production alike; every one can be overridden on its command line."""

import multiprocessing
import os
import re
from pathlib import Path
from runpy import run_path
from typing import Any

from gunicorn.glogging import Logger

worker_class = "gthread"
workers = min(4, multiprocessing.cpu_count())
threads = 8  # pages wait for databases, and validations by API for clouds
timeout = 60
graceful_timeout = 15
max_requests = 5000
max_requests_jitter = 500
# X-Forwarded-* is judged by config.middleware with TRUSTED_PROXIES; gunicorn itself believes nobody.
forwarded_allow_ips = ""
control_socket_disable = True
_MEMORY = "/dev/shm"  # noqa: S108 # nosec B108 # heartbeat files, not data
worker_tmp_dir = _MEMORY if Path(_MEMORY).is_dir() else None

_HERE = Path(__file__).resolve().parent
# Run, not imported: what this process has imported, a reload (SIGHUP) would not bring anew to the next workers.
_LOGS = run_path(str(_HERE / "logs.py"), run_name="gunicorn_logs")


def _log_format() -> str:
    """From the environment or the .env file, which `config.env` reads in the processes that serve."""
    file = _HERE.parent / ".env"
    told = re.search(r"^(?:export )?LOG_FORMAT=[\"']?(\w*)", file.read_text() if file.exists() else "", re.MULTILINE)
    return os.environ.get("LOG_FORMAT", told[1] if told else "").strip()


class RedactedLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's own lines hold what strangers send (request lines, addresses): they are redacted as all others are."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        kind = "JsonFormatter" if _log_format() == "json" else "RedactingFormatter"
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(_LOGS[kind]())


logger_class = RedactedLogger
