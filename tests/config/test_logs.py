from __future__ import annotations

import base64
import hashlib
import json
import logging
import secrets
import string
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

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


# The same in each process: they are part of the tests' names.
HEX = hashlib.sha512(b"cam").hexdigest()
TEAM, BOT = "T0" + "4AB8CD2EF", "B0" + "7XY9ZW3QR"
SLACK = HEX[:24]
KEY = base64.b64encode(bytes.fromhex(HEX)).decode()  # as a storage account's
LONG = HEX[:40]
GUID = "6f1d1d0e-8f0a-4f43-bb0d-3b7f2b1f8a11"


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("Authorization: Basic {}", base64.b64encode(b"cam:hunter2-hunter2").decode()),
        ('"Authorization": "Basic {}"', base64.b64encode(b"cam:hunter2-hunter2").decode()),
        ("('Authorization', 'Basic {}')", base64.b64encode(b"cam:hunter2-hunter2").decode()),
        ("authorization: token {}", LONG),
        ("Authorization: SharedKey {}", "cam:" + KEY),
        ("X-Api-Key: {}", LONG),
        ('"routing_key": "{}"', HEX[:32]),
        ("DefaultEndpointsProtocol=https;AccountName=cam;AccountKey={};EndpointSuffix=core.windows.net", KEY),
        ("Endpoint=sb://cam.example/;SharedAccessKeyName=Root;SharedAccessKey={}", KEY[:44]),
        ("the key {} was refused", KEY),
        ("https://cam.blob.core.windows.net/b?sv=2024&sr=b&sig={}&se=2026-12-01", quote(KEY[:43] + "=", safe="")),
        ("SharedAccessSignature sr=cam&sig={}&skn=Root", quote(KEY[:43] + "=", safe="")),
        ("https://cam.azurewebsites.net/api/f?code={}", KEY[:54] + "=="),
        ("client GOCSPX-{} refused", HEX[:28]),
        ("client GOCSPX-{}", "-aB_" + HEX[:24]),
        ("ya29.{} expired", "a0Af_-" + HEX[:60]),
        ("refresh 1//0{} x", "gAb-_" + HEX[:40]),
        ("GET /v1?key=AIza{} 403", HEX[:35]),
        ("cloning https://ghp_{}@github.com/a/b", HEX[:36]),
        ("cloning https://x-access-token:ghs_{}@github.com/a/b", HEX[:36]),
        ("env_github_pat_{}", HEX[:36]),
        ("cloning https://{}@git.example/a/b", LONG),
        ("cloning https://{}:x-oauth-basic@git.example/a/b", LONG),
        ("glpat-{}", HEX[:20]),
        ("xoxb-{}", HEX[:40]),
        (f"POST https://hooks.slack.com/services/{TEAM}/{BOT}/{{}} 404", SLACK),
        (f"host='hooks.slack.com', port=443): Max retries exceeded with url: /services/{TEAM}/{BOT}/{{}} (", SLACK),
        ("POST https://hooks.slack.com/triggers/T04AB8CD2EF/123456/{}", SLACK),
        (f"https://a.webhook.office.com/webhookb2/{GUID}@{GUID}/IncomingWebhook/{{}}/{GUID}", HEX[:32]),
        (f"url: /webhookb2/{GUID}@{GUID}/IncomingWebhook/{{}}/{GUID}", HEX[:32]),
        ("https://discord.com/api/webhooks/123456789012345678/{}", "aZ-_" + HEX[:60]),
        ("url: /hooks/catch/123456/{}/", "abc12de"),
        ("https://hooks.zapier.com/hooks/catch/123456/{}/", "abc12de"),
        ("https://hook.eu1.make.com/{}", HEX[:32]),
        ("https://chat.example/hooks/{}", "x1" + HEX[:24]),
        ("https://events.pagerduty.com/integration/{}/enqueue", HEX[:32]),
        ("https://x.example/f?s=ab38Q%7E{}", "aBc-_" + HEX[:28]),
        ("s=a%7eb8Q%7e{}", "aBc%7E_" + HEX[:28]),
    ],
)  # fmt: skip
def test_it_hides_what_has_the_shape_of_a_credential(line: str, secret: str) -> None:
    hidden = redact(line.format(secret))
    assert "[hidden]" in hidden
    assert not [part for part in range(len(secret) - 6) if secret[part : part + 7] in hidden]


@pytest.mark.parametrize(
    "line",
    [
        "account 123456789012 of arn:aws:iam::123456789012:role/CloudAccountManagement refused",
        f"GET /accounts/{GUID}/ 200 and /integration/{GUID} and /hooks/pre_deployment_migration.py",
        f"/subscriptions/{GUID}/resourceGroups/prod/providers/Microsoft.Storage/storageAccounts/cam8logs",
        "cam-scanner@my-project-123456.iam.gserviceaccount.com in projects/my-project-123456/serviceAccounts/1",
        "Basic Authentication is off, basic authorization too",
        "AccountName=cam;EndpointSuffix=core.windows.net code=throttled_by_provider sig=9",
        "https://cam.example.com:8443/a/very/long/path/that/goes/on?next=somebody",
        "POST https://hooks.slack.com/ 404 hooks.slack.com",
        "GET /services/Tokyo/Berlin/list?code=AccessDenied 200",
        "sts.eu-west-1.amazonaws.com/ 403 AccessKeyId of tag ya29 GOCSPX- xoxb- ghp_",
    ],
)
def test_what_people_look_for_stays(line: str) -> None:
    assert redact(line) == line


def test_an_address_keeps_what_is_no_key() -> None:
    assert redact(f"/services/{TEAM}/{BOT}/{SLACK}") == f"/services/{TEAM}/{BOT}/[hidden]"
    assert redact("https://ghp_aaaaaaaaaaaaaaaaaaaa@github.com/a/b").endswith("@github.com/a/b")
    assert redact(f"AccountName=cam;AccountKey={KEY};X=1") == "AccountName=cam;AccountKey=[hidden];X=1"
    assert redact(f"?sr=b&sig={quote(KEY[:44], safe='')}&se=2026") == "?sr=b&sig=[hidden]&se=2026"


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
    "Basic ", "Basic a", "Basic aA", "basic aaaaaaaaA", "accountkey", "accountkey=", "accesskey ", "access_key:'",
    "sig=", "?code=", "GOCSPX-", "ya29.", "1//0", "AIza", "ghp_", "xoxb-", "https://", "https://a", "https://a:",
    "https://a@", "https://aaaaaaaaaaaaaaaaaaaaaaaa:", "://hooks.", "://a.", "://a.hook.", "/services/TAAAAA/BAAAAA/",
    "/webhookb2/", "/hooks/", "/hooks/catch/1/", "/hooks/a", "/integration/", "a0Q~", "%7E", "%7e0Q%7E", "a%7E", "/",
    "token: basic ", "api_key", "/api/webhooks/11111",
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
