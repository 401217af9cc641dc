"""Whoever follows every link there is, as an operator does who is new: none leads to an error or takes long."""

from __future__ import annotations

import re
from collections import Counter, deque
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from playwright.sync_api import APIResponse

from tests.journeys.person import Person

MOST_OF_A_KIND = 2
MOST_MIXED = 6  # of one page with several parameters: facets and orders combine to more addresses than can be asked
MIXED = "several"
_REMEMBERED = re.compile(r"[?&](_changelist_filters|next)=[^&]*$")  # where to go back to: the page is the same
_LINK = re.compile(r"""<a\b[^>]*?\shref="([^"#]*)""")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{24,64}\b|\b\d+\b")
# Its document and its own scripts are another test's (tests/api).
_LEFT_ALONE = ("/api/v1/docs", "/admin/jsi18n/")


def kind(address: str) -> str:
    """Addresses that one view answers in the same way: without ids, and with the name of what is asked only."""
    parts = urlsplit(address)
    parameters = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return f"{_ID.sub('<id>', parts.path)}?{MIXED if len(parameters) > 1 else ''.join(parameters)}"


def links(answer: APIResponse, address: str) -> list[str]:
    if "text/html" not in answer.headers.get("content-type", ""):
        return []
    targets = [urljoin(address, href.replace("&amp;", "&")) for href in _LINK.findall(answer.text())]
    here = urlsplit(address).netloc
    ours = [
        link for link in targets if urlsplit(link).netloc == here and not urlsplit(link).path.startswith(_LEFT_ALONE)
    ]
    return [_REMEMBERED.sub("", link) for link in ours]


@pytest.mark.timeout(400)
def test_no_link_leads_to_an_error(person: Person) -> None:
    scenario = person.scenario("Everything granted")
    person.walk_to_validation(scenario, "linked")
    person.finish()
    person.sees(re.compile("completed"))
    person.page.goto("/groups/new/")
    person.page.get_by_label("Name").fill("Linked")
    person.press("Create the group")
    person.start_a_draft()

    waiting = deque([f"{person.stack.url}/", f"{person.stack.url}/admin/"])
    found_on = dict.fromkeys(waiting, "")
    visited: Counter[str] = Counter()
    wrong = []
    while waiting:
        address = waiting.popleft()
        if visited[kind(address)] >= (MOST_MIXED if kind(address).endswith(MIXED) else MOST_OF_A_KIND):
            continue
        visited[kind(address)] += 1
        answer = person.page.request.get(address, timeout=60_000)
        if answer.status != 200:
            wrong.append(f"{answer.status} {address} on {found_on[address]}")
        for link in links(answer, address):
            if link not in found_on:
                found_on[link] = address
                waiting.append(link)
        answer.dispose()
    assert not wrong, "\n".join(wrong)
    assert len(visited) > 100
    for page in ("/findings/<id>/?", "/assets/<id>/?", "/scans/<id>/?", "/groups/<id>/?", "/wizard/<id>/?"):
        assert visited[page], page
