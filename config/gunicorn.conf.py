"""gunicorn's settings for `manage.py up` and for production alike; every one can be overridden on its command line."""

import multiprocessing

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
worker_tmp_dir = _MEMORY if __import__("os").path.isdir(_MEMORY) else None
