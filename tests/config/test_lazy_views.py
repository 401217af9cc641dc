from __future__ import annotations

import subprocess
import sys

import pytest
from django.urls import get_resolver

from cloudaccounts.lazyviews import Views, preload


def test_every_name_in_the_url_lists_is_a_view() -> None:
    assert get_resolver().url_patterns
    preload()


def test_a_name_that_is_not_there_is_told() -> None:
    views = Views("scans.views")
    assert callable(views.no_such_page)
    with pytest.raises(AttributeError, match="no_such_page"):
        views.load()
    views._names.clear()  # the list of all of them outlives this test


def test_checking_the_urls_loads_no_page() -> None:
    code = (
        "import django, sys; django.setup(); from django.core.checks import run_checks; run_checks();"
        "print([m for m in sys.modules if m.split('.')[:2] in (['cloudaccounts', 'views'], ['wizard', 'views'],"
        " ['scans', 'views'], ['wizard', 'steps'])])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
