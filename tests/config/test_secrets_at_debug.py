"""With the log at DEBUG, and with Django's DEBUG on, no line tells a secret."""

from __future__ import annotations

import io
import logging
import logging.config
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from pytest_django import Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import CredentialRotation
from cloudaccounts.rotation.verify import run_rotation
from cloudaccounts.tokens.services import create_token
from config.logs import logging_settings
from config.tasks import send_due_mails
from tests.api.conftest import Caller
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
# In shapes that no pattern knows: what keeps them out is that nothing writes them.
SECRETS = {
    "first": "moss-under-the-third-stone",
    "second": "lichen-on-the-north-wall",
    "wrong": "fern-behind-the-old-mill",
    "password": "alice-knows-this",
}


@pytest.fixture(params=["line", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    before = [(logger, logger.level, list(logger.handlers), logger.propagate) for logger in _loggers()]
    logging.config.dictConfig(logging_settings(as_json=request.param == "json", level="DEBUG"))
    written = io.StringIO()
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(written)
    yield written
    for logger, level, handlers, propagate in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.propagate = propagate


def _loggers() -> list[logging.Logger]:
    known = [item for item in logging.Logger.manager.loggerDict.values() if isinstance(item, logging.Logger)]
    return [logging.getLogger(), *known]


@pytest.mark.parametrize("debug", [False, True])
def test_no_line_of_a_whole_walk_tells_one(
    log: io.StringIO, debug: bool, settings: Settings, alice: User, toycloud: State
) -> None:
    settings.DEBUG = debug
    token, text = create_token(owner=str(alice.pk), actor=SYSTEM, name="script", scope="write")
    calls = Caller(text, token)
    toycloud.good_token = SECRETS["first"]
    body: dict[str, Any] = {
        "provider": "toy", "account_id": "abcdef", "name": "toybox", "environment": "dev", "regions": ["left"],
        "auth_method": "token", "credentials": {"token": SECRETS["wrong"]},
    }  # fmt: skip
    assert calls.post("cloud-accounts/", body).status_code == 422
    created = calls.post("cloud-accounts/", {**body, "credentials": {"token": SECRETS["first"]}})
    assert created.status_code == 201
    assert (
        calls.post("cloud-accounts/", {**body, "credentials": {"token": "x" * 300 + SECRETS["wrong"]}}).status_code
        == 422
    )
    client = Client()
    client.post("/login/", {"username": SECRETS["password"], "password": SECRETS["wrong"]})
    client.post("/login/", {"username": "alice", "password": SECRETS["password"]})
    toycloud.good_token = SECRETS["second"]
    page = f"/accounts/{created.json()['id']}/rotate/"
    for secret in (SECRETS["wrong"], SECRETS["second"]):
        client.post(page, {"method": "token", "token-token": secret})
        for rotation in CredentialRotation.objects.filter(state="queued"):
            run_rotation(rotation.pk)
    client.post("/password-reset/", {"email": alice.email})
    send_due_mails()
    (reset,) = set(re.findall(r"/password-reset/[^/]+/([^/\s]+)", str(mail.outbox[-1].body)))
    client.get("/nothing-here/?token=" + SECRETS["wrong"])
    lines = log.getvalue()
    assert lines
    for secret in (*SECRETS.values(), text, reset):
        assert secret not in lines
