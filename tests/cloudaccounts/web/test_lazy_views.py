from __future__ import annotations

import subprocess
import sys

import pytest
from django.urls import get_resolver

from cloudaccounts.web.lazy_views import Views, preload


def test_every_name_in_the_url_lists_is_a_view() -> None:
    assert get_resolver().url_patterns
    preload()


def test_a_name_that_is_not_there_is_told() -> None:
    views = Views("scans.runs.views")
    assert callable(views.no_such_page)
    with pytest.raises(AttributeError, match="no_such_page"):
        views.load()
    views._names.clear()  # the list of all of them outlives this test


def test_checking_the_urls_loads_no_page() -> None:
    code = (
        "import django, sys; django.setup(); from django.core.checks import run_checks; run_checks();"
        "ours = [name.split('.') for name in sys.modules if name.startswith(('cloudaccounts.', 'scans.', 'wizard.'))];"
        "print([n for n in ours if 'views' in n[1:] or 'panels' in n[1:] or n[:2] == ['wizard', 'steps']])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_work_for_jobs_is_found_without_anything_loaded_before() -> None:
    code = (
        "import django; django.setup(); from cloudaccounts.bulk.actions import bulk_actions;"
        "print(*sorted(action.key for action in bulk_actions(for_owners=False)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["delete", "environment", "resume", "revalidate", "scan", "suspend", "transfer"]
