"""Walking the wizard without a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from cloudaccounts.work.databases import DISCOVERY
from tests.conftest import ALL_DATABASES, raw_rows
from tests.toycloud import provider as toy
from wizard.drafts.validation import run_validation
from wizard.models import WizardSession

SECRET = "Zq3" + "x7Rk" * 9 + "="  # 40 characters, as AWS makes them
KEYS = {"method": "access_keys", "access_keys-access_key_id": "AKIA" + "Q2" * 8, "access_keys-session_token": ""}
ENVIRONMENT: dict[str, str | list[str]] = {
    "account_id": "1111-2222-3333",
    "partition": "aws",
    "name": "Data platform",
    "environment": "production",
    "regions": ["us-east-1", "eu-west-1"],
}
TOY_ENVIRONMENT: dict[str, str | list[str]] = {
    "account_id": "abcdef",
    "partition": "shelf",
    "name": "Toybox",
    "environment": "dev",
    "regions": ["left"],
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here use the three databases; those that start threads say so themselves."""
    for item in items:
        if "tests/wizard/" in item.nodeid and item.get_closest_marker("django_db") is None:
            item.add_marker(pytest.mark.django_db(databases=ALL_DATABASES))


@dataclass
class Walk:
    """One draft in one tab: ``seen`` is the version that the tab's page was rendered at."""

    client: Client
    draft_id: UUID
    seen: int | None = None

    @property
    def url(self) -> str:
        return f"/wizard/{self.draft_id}/"

    @property
    def draft(self) -> WizardSession:
        return WizardSession.objects.get(pk=self.draft_id)

    @property
    def entries(self) -> dict[str, Any]:
        """What is sealed in the row."""
        sealed = self.draft.data
        assert sealed is not None
        opened: dict[str, Any] = sealed.open(bound_to=self.draft_id)
        return opened

    def show(self, step: str = "") -> str:
        response = self.client.get(self.url + (f"?step={step}" if step else ""))
        assert response.status_code == 200, response.status_code
        self.seen = self.draft.version
        return response.content.decode()

    def send(self, step: str, fields: dict[str, Any] | None = None, **more: Any) -> HttpResponse:
        data = {f"{step}-{name}": value for name, value in (fields or {}).items()}
        data |= {f"draft-{self.draft_id}-current_step": step, **more}
        if self.seen is not None:
            data["seen_version"] = self.seen
        return self.client.post(f"{self.url}?step={step}", data)  # type: ignore[return-value]  # the stubs' own subclass

    def accept(self, step: str, fields: dict[str, Any]) -> None:
        response = self.send(step, fields)
        assert response.status_code == 302, response.content.decode()
        self.seen = self.draft.version


Start = Callable[[Client], Walk]


@pytest.fixture
def start() -> Start:
    """A new draft, opened in the person's browser."""

    def begin(client: Client) -> Walk:
        response = client.post("/wizard/")
        assert response.status_code == 302
        return Walk(client, UUID(response["Location"].strip("/").split("/")[-1]))

    return begin


@pytest.fixture
def aws_draft(alices: Client, start: Start) -> Walk:
    """Alice's draft of an AWS account, at the third step."""
    walk = start(alices)
    walk.accept("provider", {"provider": "aws"})
    walk.accept("environment", ENVIRONMENT)
    return walk


@pytest.fixture
def toy_draft(toycloud: toy.State, alices: Client, start: Start) -> Walk:
    """Alice's draft of a toy account with a token that works, validation asked for."""
    walk = start(alices)
    walk.accept("provider", {"provider": "toy"})
    walk.accept("environment", TOY_ENVIRONMENT)
    walk.accept("authentication", {"method": "token", "token-token": toycloud.good_token})
    return walk


@pytest.fixture
def proven_draft(toy_draft: Walk) -> Walk:
    """The same, proven by a worker."""
    run_validation(toy_draft.draft_id)
    return toy_draft


def raw_row(draft_id: UUID) -> str:
    """Everything that the database holds of a draft, as it lies there."""
    return "".join(row for row in raw_rows(DISCOVERY) if str(draft_id) in row or draft_id.hex in row)


@pytest.fixture
def owner(alice: User) -> str:
    return str(alice.pk)


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any, tmp_path: Path) -> None:
    """Pages name their files without a manifest: nothing is collected for a test."""
    settings.STATIC_ROOT = str(tmp_path)
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
