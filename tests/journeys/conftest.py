"""A running product, a browser, and a person in front of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests import browser as browsers
from tests.journeys.person import Person
from tests.servers import same_as_tests
from tests.stack import Stack

WINDOW: ViewportSize = {"width": 1280, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        # Of all tests: the parents of each path would take a second of each process.
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with same_as_tests() as databases, Stack(tmp_path_factory.mktemp("stack"), databases) as stack:
        yield stack


@pytest.fixture(scope="module")  # Playwright's event loop must not outlive the journeys: Django refuses to work in one
def chromium() -> Iterator[Browser]:
    path = browsers.find()
    if path is None:
        pytest.fail("No browser: run `make test`, which installs one, or set TEST_BROWSER.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, stack: Stack) -> Iterator[Page]:
    context = chromium.new_context(base_url=stack.url, viewport=WINDOW)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=stack.url)
    yield context.new_page()
    context.close()


@pytest.fixture
def person(page: Page, stack: Stack) -> Person:
    """Signed in, with nothing connected yet and clouds that work."""
    stack.control.clear_faults()
    person = Person(page, stack).sign_in()
    person.delete_all_accounts()
    return person
