from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from config.env import ROOT, Env

SECRETS = ("SECRET_KEY", "DATABASE_URL", "CLOUD_SECURITY_DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL")


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_may_come_from_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from-the-file\n")
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    assert Env().text(name) == "from-the-file"


def test_encryption_keys_may_come_from_a_file_one_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [Fernet.generate_key().decode() for _ in range(2)]
    (tmp_path / "keys").write_text("\n".join(keys) + "\n")
    monkeypatch.delenv("CREDENTIAL_ENCRYPTION_KEYS", raising=False)
    monkeypatch.setenv("CREDENTIAL_ENCRYPTION_KEYS_FILE", str(tmp_path / "keys"))
    assert Env().words("CREDENTIAL_ENCRYPTION_KEYS") == keys


@pytest.mark.parametrize(
    "value", ["accounts.example.com", "https://a.example/path", "ftp://a.example", "https://u@a.example"]
)
def test_an_address_that_is_none_is_told(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_URL", value)
    with pytest.raises(ImproperlyConfigured, match="BASE_URL must look like"):
        Env().origin("BASE_URL", "")


def test_a_number_below_its_least_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIZARD_SESSION_DAYS", "0")
    with pytest.raises(ImproperlyConfigured, match="at least 1"):
        Env().number("WIZARD_SESSION_DAYS", 7, least=1)


@pytest.mark.parametrize("value", ["$x", "$HOME", "$$", "\\\\$x"])
def test_a_value_that_begins_with_a_dollar_is_that_value(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", value)
    monkeypatch.setenv("x", "another value")
    assert Env().text("SECRET_KEY") == value


def test_a_mail_servers_password_may_begin_with_a_dollar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://me:$x@mail.example.com:587")
    assert Env().mail("EMAIL_URL")["EMAIL_HOST_PASSWORD"] == "$x"


def test_a_number_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIZARD_SESSION_DAYS", "a week")
    with pytest.raises(ImproperlyConfigured, match="whole number"):
        Env().number("WIZARD_SESSION_DAYS", 7)


@pytest.mark.parametrize(("value", "on"), [("1", True), ("True", True), ("on", True), ("0", False), ("no", False)])
def test_a_flag_is_read_in_its_usual_spellings(value: str, on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", value)
    assert Env().flag("DEBUG", default=not on) is on


PRINT = """
from django.conf import settings as s
print(s.ALLOWED_HOSTS, s.CSRF_TRUSTED_ORIGINS)
print(s.SESSION_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0)
"""


def test_hosts_origins_and_cookies_follow_from_base_url(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": str(tmp_path),
            "BASE_URL": "https://accounts.example.com",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert "'accounts.example.com'" in done.stdout
    assert "['https://accounts.example.com']\nTrue True True" in done.stdout
