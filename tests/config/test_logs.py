from __future__ import annotations

import json
import logging
import secrets
import string
import sys

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from config.logs import JsonFormatter, RedactingFormatter, logging_settings, redact

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


def test_it_hides_sealed_tokens_and_the_middle_of_key_ids() -> None:
    token = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    assert token not in redact(f"row {token}")
    assert redact(AKIA) == AKIA[:6] + "[hidden]" + AKIA[-2:]


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
