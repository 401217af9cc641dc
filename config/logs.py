"""Logs: one line an event, without secrets."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

HIDDEN = "[hidden]"
_NAMES = (
    r"(?:secret|password|passwd|token|private_key|authorization|signature|credential|client_assertion|"
    r"(?:api|routing|integration|subscription)[_-]?key)"
)
# What stands between the name and the value of a header: "Authorization: Basic …".
_SCHEMES = r"(?:(?:basic|bearer|token|negotiate|ntlm|apikey|sharedkey|aws4-hmac-sha256)\s++)?"
_OF_URL = r"[^\s\"'<>]"  # a character of what stands in a URL behind its host
# What strangers send is logged as well (a Host header, a path), so no pattern may take more than linear time: none has
# an unbounded part that can begin at every position of what it has just read. Hence the lookbehinds, the bounds and the
# possessive quantifiers (``+`` after a quantifier: no backtracking).
_PATTERNS = (
    re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL),
    # name=value, "name": "value", name: value; the value up to a quote, comma, ampersand, closing bracket or blank
    re.compile(
        rf"(?i)(?P<keep>{_NAMES}[\w.-]{{0,64}}+[\"']?\s*+[:=]\s*+(?:b?[\"'])?{_SCHEMES})"
        r"[^\s\"',&)}\]]+"
    ),
    re.compile(r"(?i)(?P<keep>bearer\s++)[\w.~+/=-]{8,}"),
    # Base64 of user:password, with a capital or a digit behind its beginning: "Basic Authentication" stays.
    re.compile(r"(?P<keep>\b[Bb]asic\s++)(?=[A-Za-z0-9+/][a-z+/]{0,200}+[A-Z0-9])[A-Za-z0-9+/]{8,}+={0,2}"),
    # Connection strings: https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string, those of
    # Service Bus (SharedAccessKey) and of Communication Services (accesskey). An AWS access key's id is no secret.
    re.compile(
        r"(?i)(?P<keep>(?:account|sharedaccess|access)_?key[\"']?\s*+[:=]\s*+[\"']?)(?!AKIA|ASIA)[^\s\"',;&)}\]]+"
    ),
    re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}=="),  # the shape of a storage account's key: 64 bytes
    # A shared access signature: https://learn.microsoft.com/rest/api/storageservices/create-service-sas. A key of an
    # Azure function, which is as long, stands in `code`.
    re.compile(r"(?P<keep>(?<!\w)sig=)[\w%+/=~.-]{16,}"),
    re.compile(r"(?P<keep>[?&]code=)[\w%+/=-]{40,}"),
    # Google: an OAuth client's secret, access and refresh tokens, API keys
    re.compile(r"(?P<keep>\bGOCSPX-)[\w-]{10,}"),
    re.compile(r"(?P<keep>\bya29\.)[\w.-]{10,}"),
    re.compile(r"(?<![\w/:])1//0[\w-]{20,}"),
    re.compile(r"(?P<keep>\bAIza)[\w-]{35}"),
    # Tokens that say what they are: GitHub's, GitLab's, Slack's
    re.compile(r"(?P<keep>(?<![A-Za-z0-9])(?:gh[oprsu]_|github_pat_|glpat-|xox[a-z]-|xapp-))[\w-]{10,}"),
    # https://token@host and https://token:x-oauth-basic@host: so long a user is a token
    re.compile(r"(?P<keep>https?://)[^\s/:@\"'<>]{20,300}+(?=@|:[^\s/:@\"'<>]{0,300}+@)"),
    # Addresses of webhooks have their key in the path: at hosts named so (hooks.slack.com, hooks.zapier.com,
    # hook.eu1.make.com, example.webhook.office.com), and by the paths alone, which HTTP libraries log without the host.
    re.compile(rf"(?P<keep>://(?:[\w-]{{1,60}}\.)?(?:web)?hooks?\.[\w.-]{{1,200}}+(?::[0-9]{{1,5}})?/){_OF_URL}+"),
    re.compile(rf"(?P<keep>/services/T[A-Z0-9]{{5,20}}/B[A-Z0-9]{{5,20}}/){_OF_URL}+"),
    re.compile(rf"(?P<keep>/(?:webhookb2|IncomingWebhook|api/(?:v[0-9]{{1,2}}/)?webhooks/[0-9]{{5,25}})/){_OF_URL}+"),
    re.compile(rf"(?P<keep>/hooks/catch/[0-9]{{1,20}}/){_OF_URL}+"),
    re.compile(r"(?P<keep>/hooks/)(?=[A-Za-z_-]{0,100}+[0-9])[\w-]{20,}"),  # with a digit: files are called so as well
    re.compile(r"(?P<keep>/integration/)[0-9a-f]{32}\b"),
    re.compile(r"(?P<keep>\b(?:AKIA|ASIA)[A-Z0-9]{2})[A-Z0-9]{8,}(?=[A-Z0-9]{2}\b)"),
    # scheme://user:password@host, up to the last @: people do not always escape those in a password
    re.compile(r"(?P<keep>://[^\s/:@\"']{0,200}:)[^\s\"'<>]{1,300}(?=@)"),
    re.compile(r"(?<![\w/+=-])[A-Za-z0-9/+]{40}(?![\w/+=-])"),  # the shape of an AWS secret access key
    # The same behind a slash, as in a path or an ARN. Of both cases: most folders have names of one.
    re.compile(r"(?<=[/=:-])(?=[a-z0-9/+]{0,39}[A-Z])(?=[A-Z0-9/+]{0,39}[a-z])[A-Za-z0-9/+]{40}(?![\w/+=-])"),
    # An Azure client secret: three characters, a digit, Q~, and 31 to 34 more. In a URL or a form ~ may be %7E.
    re.compile(r"(?<![\w.~-])(?:[\w.~-]|%7[Ee]){3}[0-9]Q(?:~|%7[Ee])(?:[\w.~-]|%7[Ee]){31,34}"),
    re.compile(r"(?P<keep>\bcam_)[\w-]{20,}"),  # a token of the HTTP API
    re.compile(r"\bgAAAA[\w-]{40,}={0,2}"),  # a Fernet token
    re.compile(r"(?<![\w-])eyJ[\w-]{10,}+\.[\w-]{10,}+\.[\w-]*"),  # a JWT
)
LONGEST = 20_000  # characters of one line
# What every record has, and what Django adds. Whatever else stands on it was given as `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "request", "server_time"}


def redact(text: str) -> str:
    """The text without what looks like a credential. In doubt it hides too much."""
    for pattern in _PATTERNS:
        text = pattern.sub(lambda match: match.groupdict().get("keep", "") + HIDDEN, text)
    return text


def printable(text: str) -> str:
    """The text redacted and of bounded length.

    A long one is cut at a blank first, so that no half credential remains.
    """
    if len(text) > 5 * LONGEST:
        head = text[: 5 * LONGEST]
        text = f"{head[: max(head.rfind(' '), head.rfind(chr(10)), 0)]} [cut]"
    text = redact(text)
    return text if len(text) <= LONGEST else text[:LONGEST] + " [cut]"


class RedactingFormatter(logging.Formatter):
    """``12:01:07 INFO cloudaccounts.services account.created account=… ``, tracebacks included, all redacted."""

    def format(self, record: logging.LogRecord) -> str:
        extra = "".join(f" {key}={value}" for key, value in _extra(record).items())
        stamp = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        text = f"{stamp} {record.levelname} {record.name} {record.getMessage()}{extra}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return printable(text)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for whoever collects logs."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps({key: printable(str(value)) for key, value in fields.items()})


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD and not key.startswith("_")}


def not_readyz(record: logging.LogRecord) -> bool:
    """A filter: a 503 of /readyz is an answer to somebody who polls, not an event."""
    path = getattr(getattr(record, "request", None), "path", "")
    return path != "/readyz" or getattr(record, "status_code", None) != 503 or record.exc_info is not None


def logging_settings(*, as_json: bool, level: str) -> dict[str, Any]:
    quiet = {"level": "WARNING"}  # below it SDKs log headers and bodies, with credentials: LOG_LEVEL must not lower it
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "config.logs.RedactingFormatter"},
            "json": {"()": "config.logs.JsonFormatter"},
        },
        "filters": {"not_readyz": {"()": "django.utils.log.CallbackFilter", "callback": not_readyz}},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json" if as_json else "line"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": dict.fromkeys(
            (
                "boto3",
                "botocore",
                "s3transfer",
                "urllib3",
                "azure",
                "msal",
                "google",
                "grpc",
                "kombu",
                "amqp",
                "pymongo",
            ),
            quiet,
        )
        | {
            # Without handlers of their own: Django's would print every line a second time, and not redacted.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            "django.request": {"filters": ["not_readyz"]},
            "celery": {"level": level},
            # They write two lines for each task that succeeds. Rows hold what matters of it, and failures are logged
            # anyhow.
            **dict.fromkeys(("celery.worker.strategy", "celery.app.trace", "celery.beat"), quiet),
            "django.db.backends": quiet,
            # It writes a template's whole context where a variable is not found: of a mail, links with their keys.
            "django.template": quiet,
            "django.utils.autoreload": quiet,
        },
    }
