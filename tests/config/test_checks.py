from __future__ import annotations

import pytest
from pytest_django import Settings

from config import checks


@pytest.mark.parametrize(("backend", "told"), [("console", ["cloudaccounts.W002"]), ("smtp", [])])
def test_a_deployment_without_a_mail_server_is_told(settings: Settings, backend: str, told: list[str]) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    assert [message.id for message in checks.mail(None)] == told
