from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
from django.urls import get_resolver

from cloudaccounts.web.lazy_views import Views, preload


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


def test_checking_loads_no_service() -> None:
    """Each name of a package of services loads its module when it is first used; see its `__init__.pyi`."""
    code = (
        "import django, sys; django.setup(); from django.core.checks import run_checks; run_checks();"
        "print([m for m in sys.modules if m.split('.')[1:2] == ['services'] and m.count('.') > 1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("package", ["cloudaccounts.services", "scans.services", "wizard.services"])
def test_every_service_is_there(package: str) -> None:
    module = import_module(package)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_work_for_jobs_is_found_without_anything_loaded_before() -> None:
    code = (
        "import django; django.setup(); from cloudaccounts import services;"
        "print(*sorted(action.key for action in services.fleet_actions(for_owners=False)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["delete", "environment", "resume", "revalidate", "scan", "suspend", "transfer"]
