from __future__ import annotations

import json
import logging
import secrets
import string
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.log import log_response
from hypothesis import given
from hypothesis import strategies as st

from config.env import ROOT
from config.logs import LONGEST, JsonFormatter, RedactingFormatter, logging_settings, printable, redact

AWS_SECRET = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(40))
AKIA = "AK" + "IA" + "QWERTYUIOPASDF7Q"


@pytest.mark.parametrize(
    "line",
    [
        "aws_secret_access_key={}",
        '"secret_access_key": "{}"',
        "{{'password': '{}'}}",
        "Authorization: Bearer {}",
        "session_token={}&other=1",
        "it was {} all along",
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_it_hides_what_looks_like_a_credential(line: str) -> None:
    assert AWS_SECRET not in redact(line.format(AWS_SECRET))


@given(st.text(string.ascii_letters + string.digits + "/+", min_size=40, max_size=40))
def test_it_hides_any_aws_secret(secret: str) -> None:
    assert secret not in redact(f"refused {secret} here")


@pytest.mark.parametrize("before", ["/", "arn:aws:x::secret/", "https://host/path/", "key=", "x:", "-", "s3://a/b/"])
@given(secret=st.text(string.ascii_letters + string.digits + "/+", min_size=38, max_size=38))
def test_it_hides_an_aws_secret_behind_a_slash(before: str, secret: str) -> None:
    secret = f"{secret}aZ"  # of both cases, as all but one in 10^9 are
    assert secret not in redact(f"GET {before}{secret} 404")


@given(
    head=st.text(string.ascii_letters + string.digits + "_.~-", min_size=3, max_size=3),
    tail=st.text(string.ascii_letters + string.digits + "_.~-", min_size=34, max_size=34),
)
@pytest.mark.parametrize("line", ["{}", "it was {} today", "AADSTS7000215 '{}'", "value:{}", "/x/{}?y"])
def test_it_hides_an_azure_secret(line: str, head: str, tail: str) -> None:
    secret = f"{head}8Q~{tail}"
    assert tail[:20] not in redact(line.format(secret))


@pytest.mark.parametrize(
    "url",
    [
        "postgres://cam:hunter2-the-password@db.example:5432/cam",
        "redis://:hunter2-the-password@cache:6379/0",
        "amqp://guest:p@ss/hunter2-the-password@mq//",
        "mongodb+srv://u:hunter2-the-password@a.example,b.example/x?y=1",
        "https://u%40x:hunter2-the-password@example.com/",
        "smtp+tls://a:hunter2-the-password@mail.example.com:587",
    ],
)
def test_it_hides_the_password_of_a_url(url: str) -> None:
    hidden = redact(f"cannot connect to {url} now")
    assert "hunter2" not in hidden
    assert url.rsplit("@", 1)[1] in hidden


def test_an_address_without_a_password_stays() -> None:
    for line in ("GET https://example.com:8443/a/b?c=d 200", "http://127.0.0.1:8000/accounts/ asked", "mail to a@b.c"):
        assert redact(line) == line
    path = "/opt/cloudaccounts/venv/lib/python3.11/site-packages/django/core/handlers/base.py"
    assert redact(path) == path


def test_it_hides_sealed_tokens_and_the_middle_of_key_ids() -> None:
    token = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    assert token not in redact(f"row {token}")
    assert redact(AKIA) == AKIA[:6] + "[hidden]" + AKIA[-2:]


def test_it_hides_our_own_api_tokens() -> None:
    assert redact("x cam_B81ZkdLsr9BwAnsPRCHTTqCcZEAA2tkWX-Hn4RWmMTs.") == "x cam_[hidden]."


def test_it_leaves_ordinary_lines_alone() -> None:
    line = "account.created account=6f1d1d0e-8f0a-4f43-bb0d-3b7f2b1f8a11 provider=aws region=us-east-1"
    assert redact(line) == line


@pytest.mark.parametrize("formatter", [RedactingFormatter(), JsonFormatter()])
def test_tracebacks_and_extras_are_redacted(formatter: logging.Formatter) -> None:
    try:
        raise ValueError(f"secret_access_key={AWS_SECRET}")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed %s", (AWS_SECRET,), sys.exc_info())
        record.token = f"token={AWS_SECRET}"
    assert AWS_SECRET not in formatter.format(record)


def test_json_lines_are_json() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "hello", (), None)
    assert json.loads(JsonFormatter().format(record))["message"] == "hello"


def test_sdk_loggers_are_never_below_warning() -> None:
    configured = logging_settings(as_json=False, level="DEBUG")["loggers"]
    for name in ("boto3", "botocore", "urllib3", "azure", "google"):
        assert configured[name]["level"] == "WARNING"


HOSTILE = [
    "a", "-", "=", " ", ".", "A", "eyJ", "-eyJ", "eyJ-", "-gAAAA", "secret", "secret.", "secret ", "secret=",
    "secret:b'", "password='", "bearer ", "token=bearer ", "AKIA", "AKIA-", "-AKIA", "a/",
    "-----BEGIN PRIVATE KEY-----", "PRIVATE KEY ", "-----BEGIN ", "-----END ", "-----BEGIN A", "eyJaaaaaaaaaaa.",
    "eyJaaaaaaaaaaa.aaaaaaaaa ", "\n", "cam_", "-cam_",
]  # fmt: skip


@pytest.mark.parametrize("shape", HOSTILE)
@pytest.mark.parametrize("beginning", ["", "secret", "bearer", "-----BEGIN ", "eyJ"])
def test_no_line_of_a_stranger_holds_the_server_up(shape: str, beginning: str) -> None:
    text = beginning + (shape * (100_000 // len(shape) + 1))[:100_000]
    start = time.process_time()
    redact(text)
    assert time.process_time() - start < 0.5


def test_a_line_has_an_end_and_no_half_of_a_secret_at_it() -> None:
    assert len(printable("a" * 10_000_000)) <= LONGEST + 10
    assert printable("word " * 5_000).endswith("[cut]")
    key = f"-----BEGIN PRIVATE KEY-----{AWS_SECRET * 2000}-----END PRIVATE KEY-----"
    for lead in range(60):  # whichever character of the secret stands at the cut
        text = key + " " * (5 * LONGEST - len(key) - lead) + AWS_SECRET + " more"
        assert AWS_SECRET[:8] not in printable(text)


@pytest.mark.parametrize("name", ["django", "django.request", "django.server", "django.security.DisallowedHost"])
def test_no_handler_of_djangos_own_prints_around_us(name: str, tmp_path: Path) -> None:
    program = (
        "import django, logging; django.setup();"
        f"logging.getLogger({name!r}).error('secret_access_key=%s', 'HUNTER2HUNTER2')"
    )
    env = {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "1", "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert "HUNTER2" not in done.stdout + done.stderr
    assert done.stderr.count("secret_access_key=[hidden]") == 1


def test_an_unready_readyz_is_no_event_but_a_broken_one_is(caplog: pytest.LogCaptureFixture) -> None:
    request = RequestFactory().get("/readyz")
    logger = logging.getLogger("django.request")
    assert logger.filters  # as this product's settings have it
    log_response("unready", response=HttpResponse(status=503), request=request, logger=logger)
    assert caplog.records == []
    log_response("broken", response=HttpResponse(status=500), request=request, logger=logger, exception=ValueError())
    assert [record.getMessage() for record in caplog.records] == ["broken"]
