"""Pages of a team's own frameworks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

from cloudaccounts.models import AuditEvent, CloudAccount
from scans.models import OwnFramework, ScanRun
from tests.conftest import ALL_DATABASES
from tests.pages import seen
from tests.scans.compliance.own.conftest import OWN
from tests.toycloud.provider import State

pytestmark = [pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.usefixtures("toy_framework")]
NEW = "/compliance/own/new/"
EDIT = "/compliance/own/own_shelf_1.0/edit/"
DELETE = "/compliance/own/own_shelf_1.0/delete/"
PAGE = "/compliance/own_shelf_1.0/"


@pytest.fixture(autouse=True)
def scanned(toybox: CloudAccount, toycloud: State, scan: Callable[..., ScanRun]) -> CloudAccount:
    toycloud.set_assets("boxes", "left", "red", "blue", lid="open")
    scan()
    return toybox


def add(client: Client) -> None:
    assert client.post(NEW, {"text": OWN}).status_code == 302


def test_one_is_pasted_and_listed_with_its_totals(alices: Client, bobs: Client) -> None:
    assert "own_baseline_1.0" in seen(alices.get(NEW))  # an example to begin with
    answer = alices.post(NEW, {"text": OWN.replace("\n", "\r\n")})  # as browsers send it
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert OwnFramework.objects.get().text == OWN
    page = seen(alices.get("/compliance/"))
    assert "Our shelf 1.0" in page
    assert "your own" in page
    assert "own_shelf" not in seen(bobs.get("/compliance/"))


def test_one_is_uploaded(alices: Client) -> None:
    file = SimpleUploadedFile("shelf.yaml", OWN.encode())
    assert alices.post(NEW, {"file": file, "text": ""}).status_code == 302
    page = seen(alices.get(PAGE))
    assert "Boxes are shut" in page
    assert "your own, revision 1" in page
    assert "Written by the team itself" in seen(alices.get(f"{PAGE}?view=report"))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"text": ""}, "Choose a file, or paste its text below."),
        ({"text": OWN.replace("toy_box_closed", "toy_box_opened")}, "Line 9: There is no check of this id."),
        ({"text": "a: *b"}, "Anchors and aliases are not read."),
        ({"text": "<script>: 1"}, "is missing"),
        ({"text": "x", "revision": "one"}, ""),
    ],
)
def test_what_is_wrong_is_refused_and_stays_to_be_corrected(alices: Client, data: dict[str, str], told: str) -> None:
    answer = alices.post(NEW, data)
    page = seen(answer)
    assert answer.status_code == 422
    assert told in page
    assert "<script>:" not in page
    assert not OwnFramework.objects.exists()


def test_a_file_that_is_too_long_or_no_text_is_refused(alices: Client) -> None:
    for content, told in ((b"#" * 100_001, "too long"), (b"\xff\xfe\xfa\xfb", "not UTF-8")):
        answer = alices.post(NEW, {"file": SimpleUploadedFile("shelf.yaml", content)})
        assert (answer.status_code, told in seen(answer)) == (422, True)


def test_a_replacement_says_first_what_changes(alices: Client) -> None:
    add(alices)
    text = OWN.replace("Boxes stand dry", "Boxes stand high").replace("1.10", "1.3")
    page = seen(alices.post(EDIT, {"text": text, "revision": "1"}))
    for words in ("New: 1.3.", "Changed: 1.2.", "No longer there: 1.10.", "Revision 1 stays"):
        assert words in page
    assert OwnFramework.objects.get().revision == 1
    answer = alices.post(EDIT, {"text": text, "revision": "1", "confirmed": "True"})
    assert answer["Location"] == PAGE
    assert OwnFramework.objects.get().revision == 2
    # Another browser had the former one open.
    late = alices.post(EDIT, {"text": OWN, "revision": "1", "confirmed": "True"})
    assert (late.status_code, "changed since you read it" in seen(late)) == (422, True)
    answer = alices.get("/compliance/own/own_shelf_1.0/revisions/1/")
    assert (answer.content.decode(), answer["X-Content-Type-Options"]) == (OWN, "nosniff")
    assert alices.get("/compliance/own/own_shelf_1.0/revisions/9/").status_code == 404


def test_deleting_asks_and_tells_what_goes(alices: Client) -> None:
    add(alices)
    alices.post(f"{PAGE}1.2/", {"state": "passed", "note": "Dry."})
    assert "1 answer of people to its controls goes" in seen(alices.get(DELETE))
    assert alices.post(DELETE)["Location"] == "/compliance/"
    assert alices.get(PAGE).status_code == 404
    assert alices.post(DELETE).status_code == 404


@pytest.mark.parametrize("address", [PAGE, EDIT, DELETE, f"{PAGE}1.2/", "/compliance/own/own_shelf_1.0/revisions/1/"])
def test_it_does_not_exist_for_others(alices: Client, bobs: Client, address: str) -> None:
    add(alices)
    assert (alices.get(address).status_code, bobs.get(address).status_code) == (200, 404)


def test_the_products_own_are_nobodys_to_change(alices: Client) -> None:
    for action in ("edit", "delete"):
        assert alices.get(f"/compliance/own/toy_1.0/{action}/").status_code == 404


def lines(answer: Any) -> list[str]:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(body.decode().splitlines())


def test_its_report_leaves_as_csv_json_and_ocsf(alices: Client) -> None:
    add(alices)
    assert len(lines(alices.get(f"{PAGE}?format=csv"))) == 3
    body = json.loads(alices.get(f"{PAGE}?format=json").content)
    assert (body["own"], [row["id"] for row in body["controls"]]) == (True, ["1.10", "1.2"])
    events = [json.loads(line) for line in lines(alices.get(f"{PAGE}?format=ocsf"))]
    assert [event["compliance"]["status_id"] for event in events] == [3, 0]
    for event in events:
        assert ComplianceFinding.model_validate(event).model_dump(mode="json", exclude_none=True) == event
        assert (event["class_uid"], event["type_uid"]) == (2003, 200301)
    assert AuditEvent.objects.filter(action="export.taken").count() == 3


def test_findings_know_its_controls(alices: Client) -> None:
    add(alices)
    facet = seen(alices.get("/findings/facets/control/"))
    assert "Shelf 1.0 1.10" in facet
    page = seen(alices.get("/findings/?control=own_shelf_1.0:1.10&group_by=none"))
    assert "Shelf 1.0 1.10" in page
    assert "red" in page
    assert "Boxes are shut" in seen(alices.get("/search/?q=boxes+are+shut"))
