from __future__ import annotations

import subprocess
import sys


def test_a_web_process_loads_pages_and_api_before_it_serves() -> None:
    """In a process of its own: this one has loaded pages for other tests."""
    code = (
        "import warnings; warnings.simplefilter('ignore');"  # static files were not collected here
        "import config.wsgi, sys;"
        "print(*(name in sys.modules for name in ('scans.runs.views', 'wizard.views.wizard', 'config.api.assembly')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True"]
