"""`manage.py check` with and without our apps: the clouds' SDKs must not load."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

from tests.bench.result import Result, interleaved

# The same settings and third-party apps; ours, and the URLs that would import them, left out.
REFERENCE = """
from config.settings import *
INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.startswith(("cloudaccounts", "wizard", "scans", "config"))]
ROOT_URLCONF = "bench_urls"
"""
URLS = """
from django.contrib import admin
from django.urls import path
urlpatterns = [path("admin/", admin.site.urls)]
"""


def _cpu() -> float:
    """Processor seconds of the processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def check(folder: Path) -> Result:
    (folder / "bench_settings.py").write_text(REFERENCE)
    (folder / "bench_urls.py").write_text(URLS)

    def run(settings: str) -> None:
        # With byte code kept, as an installed product has it, whatever this environment says.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env = {**environment, "PYTHONPATH": f"{Path.cwd()}{os.pathsep}{folder}", "DJANGO_SETTINGS_MODULE": settings}
        subprocess.run([sys.executable, "manage.py", "check"], env=env, check=True, capture_output=True)

    value, reference = interleaved(lambda: run("config.settings"), lambda: run("bench_settings"), times=15, clock=_cpu)
    return Result(
        "manage.py check / without our apps", value * 1000, "ms", "lower", reference * 1000, "≤ 1.25", "processor time"
    )
