"""Import in the browser: a dry run row by row, then what it found fit; secrets stand nowhere in clear."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from cloudaccounts.imports.parser import Row, read_content
from cloudaccounts.imports.uploads import template
from cloudaccounts.jobs.runner import run_job
from cloudaccounts.models import ApplyDocument, CloudAccount, Job
from tests.conftest import ALL_DATABASES, MakeAccount, raw_rows
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES, transaction=True)  # jobs have threads
HEADER = "provider,account_id,name,environment,auth_method,credentials.token\n"
FILE = HEADER + "".join(
    f"toy,{key},box {key},{environment},token,{token}\n"
    for key, environment, token in (
        ("aaaaaa", "production", "let-me-in"),
        ("bbbbbb", "production", "stale-and-secret"),
        ("cccccc", "moon", "let-me-in"),
        ("dddddd", "production", "stale-and-secret"),
        ("eeeeee", "dev", "let-me-in"),
    )
)


def upload(client: Client, text: str, name: str = "accounts.csv") -> HttpResponse:
    return client.post("/import/", {"file": SimpleUploadedFile(name, text.encode())})  # type: ignore[return-value]


def run_latest() -> Job:
    job = Job.objects.order_by("-requested_at").first()
    assert job is not None
    run_job(job.pk)
    job.refresh_from_db()
    return job


def page(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def test_a_dry_run_and_then_the_import(alice: User, alices: Client, toycloud: State, toy_account: MakeAccount) -> None:
    toy_account(alice, account_id="eeeeee")
    answer: Any = upload(alices, FILE)
    assert answer.status_code == 302
    job = run_latest()
    assert (job.done, job.skipped, job.failed) == (1, 1, 3)
    assert CloudAccount.objects.count() == 1
    shown = page(alices, answer["Location"])
    assert "Import 1 account<" in shown
    assert "2 rows: <code>line 3: TOY bbbbbb</code>, <code>line 5: TOY dddddd</code>" in shown
    assert "environment: Choose production, staging or dev." in shown
    assert not any("stale-and-secret" in row for row in raw_rows("cloud_security"))
    answer = alices.post(f"/import/{job.pk}/start/")
    assert run_latest().done == 1
    assert {account.account_id for account in CloudAccount.objects.all()} == {"aaaaaa", "eeeeee"}
    assert "1 connected" in page(alices, answer["Location"])


def test_the_page_polls_while_it_runs(alices: Client, toycloud: State) -> None:
    address = upload(alices, FILE)["Location"]
    assert f'hx-get="{address}panel/"' in page(alices, address)
    run_latest()
    assert alices.get(f"{address}panel/")["HX-Refresh"] == "true"


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ("", "accounts.csv", "The submitted file is empty."),
        (HEADER, "accounts.csv", "There is no row in the file."),
        ("colour\nred\n", "accounts.csv", "separated by none of"),
        ("a: [", "accounts.yaml", "This is not YAML."),
        ("x", "accounts.exe", "must end in .csv, .yaml or .yml"),
        (HEADER + "toy,aaaaaa,b,dev,token,x\n" * 2001, "accounts.csv", "More than 2,000 rows"),
        (HEADER + "x" * 2_100_000, "accounts.csv", "larger than 2 MB"),
    ],
)
def test_what_is_no_file_of_accounts_is_refused(
    alices: Client, toycloud: State, text: str, name: str, told: str
) -> None:
    answer = upload(alices, text, name)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Job.objects.exists()


def test_a_file_that_is_not_kept_any_more_is_asked_for_again(alices: Client, toycloud: State) -> None:
    address = upload(alices, FILE)["Location"]
    run_latest()
    ApplyDocument.objects.all().delete()
    assert "give it once more to import it" in page(alices, address)
    alices.post(f"{address}start/")
    assert Job.objects.count() == 1


def test_somebody_elses_import_is_not_there(alices: Client, bobs: Client, toycloud: State) -> None:
    address = upload(alices, FILE)["Location"]
    assert bobs.get(address).status_code == 404
    assert bobs.post(f"{address}start/").status_code == 404


@pytest.mark.parametrize("kind", ["csv", "yaml"])
def test_the_template_is_a_file_that_is_read(alices: Client, kind: str) -> None:
    answer = alices.get(f"/import/template.{kind}")
    assert answer["Content-Disposition"] == f'attachment; filename="accounts.{kind}"'
    (row,) = read_content(f"x.{kind}", template(kind).encode())
    assert isinstance(row, Row)
    assert row.values["account_id"] == "111122223333"
    assert set(row.credentials) == {"role_arn"}
    assert alices.get("/import/template.exe").status_code == 404
