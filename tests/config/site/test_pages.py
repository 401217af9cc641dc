from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from config.site import error_pages
from tests.conftest import ALL_DATABASES
from tests.pages import seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

TEMPLATES = sorted(Path(settings.BASE_DIR / "templates").rglob("*.html"))


def test_the_sandbox_is_told_on_every_page(alices: Client, client: Client) -> None:
    for response in (alices.get("/"), alices.get("/profile/"), client.get("/login/"), client.get("/nothing/")):
        assert "Sandbox clouds" in response.content.decode()


def test_a_live_installation_has_no_banner(alices: Client, settings: Any) -> None:
    settings.SANDBOX = False
    assert "Sandbox clouds" not in alices.get("/").content.decode()


def test_the_navigation_marks_where_one_is(alices: Client) -> None:
    assert '<a href="/accounts/" aria-current="page">' in alices.get("/accounts/").content.decode()
    assert '<a href="/" aria-current' not in alices.get("/accounts/").content.decode()


def test_a_fragment_asks_nothing_for_the_navigation(alices: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2, using="cloud_security"):  # what runs, what ended
        alices.get("/scans/now/")


def test_pages_forbid_foreign_and_inline_content(alices: Client) -> None:
    policy = alices.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_inline_style_or_script(template: Path) -> None:
    source = template.read_text()
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:|hx-on", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r"""(?:src|href|action)=["']https?://""", source)


def test_what_is_not_there_is_said_calmly(client: Client) -> None:
    response = client.get("/nothing/")
    assert response.status_code == 404
    assert "Page not found" in response.content.decode()


def test_the_page_for_our_own_failure_needs_no_database(
    rf: RequestFactory, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_collected(path: str) -> str:
        raise ValueError(path)

    monkeypatch.setattr(error_pages, "static", not_collected)
    with django_assert_num_queries(0):
        response = error_pages.server_error(rf.get("/"))
    assert response.status_code == 500
    assert "That did not work" in response.content.decode()


def test_a_failure_tells_nothing_of_the_inside(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(owner: str) -> None:
        raise RuntimeError("a detail of the inside")

    monkeypatch.setattr("cloudaccounts.accounts.queries.overview", broken)
    alices.raise_request_exception = False
    response = alices.get("/")
    assert response.status_code == 500
    assert "a detail of the inside" not in response.content.decode()


@pytest.mark.parametrize(("view", "status"), [("bad_request", 400), ("permission_denied", 403)])
def test_refusals_are_of_the_same_family(rf: RequestFactory, view: str, status: int) -> None:
    response = getattr(error_pages, view)(rf.get("/"), Exception("inside"))
    assert response.status_code == status
    assert "inside" not in response.content.decode()
    assert "To the overview" in response.content.decode()


def test_a_broken_host_header_gets_our_own_page(client: Client) -> None:
    response = client.get("/login/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "This request cannot be read" in seen(response)
