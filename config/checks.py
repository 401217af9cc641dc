"""System checks: what an operator forgot, reported at start and by `manage.py check`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as DjangoWarning
from django.db import DatabaseError

from cloudaccounts.crypto import keyring


@register
def encryption_keys(app_configs: Any, **_: Any) -> list[CheckMessage]:
    try:
        keyring.fingerprints()
    except keyring.KeyringError as error:
        return [Error(error.cause, hint=error.remedy, id="cloudaccounts.E001")]
    return []


@register(Tags.database)
def key_fits_data(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """With ``check --database cloud_security``, and whenever migrations run."""
    # Asked about another database: credentials, and the witness of their key, lie in this one.
    if "cloud_security" not in (databases or ()):
        return []
    from cloudaccounts.operations.workers import confirm_key

    try:
        # Reads only: MongoDB would make the collection by writing, and then refuse the migration that makes it.
        wrong = confirm_key(write_witness=False)
    except DatabaseError:  # before the first migration there is no table, and nothing that a key could fail to open
        return []
    return [] if wrong is None else [Error(wrong.cause, hint=wrong.remedy, id="cloudaccounts.E002")]


@register(Tags.database)
def one_edition(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """With ``check --database``; ``migrate`` looks by itself too, since whoever calls it from code skips checks."""
    from config import editions  # with the recorder of migrations, which other commands do not need

    try:
        return [wrong for alias in databases or () if (wrong := editions.refusal(alias))]
    except DatabaseError:  # what cannot be reached, the command that wants it tells
        return []


@register(Tags.database)
def search_indexes(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """With ``check --database cloud_security``."""
    if "cloud_security" not in (databases or ()):
        return []
    from scans.search_index import is_prepared

    try:
        if is_prepared("cloud_security"):
            return []
    # Whatever wants a database that is away says so itself.
    except DatabaseError:
        return []
    return [
        DjangoWarning(
            "Searches for a part of a name have no index: the extension pg_trgm is not there.",
            hint="As PostgreSQL's administrator, in this database: CREATE EXTENSION pg_trgm; then run migrate again.",
            id="cloudaccounts.W003",
        )
    ]


@register
def rotation_limits(app_configs: Any, **_: Any) -> list[CheckMessage]:
    # The other way round an account would be critical before anybody was warned.
    if settings.CREDENTIAL_ROTATION_WARNING_DAYS < settings.CREDENTIAL_ROTATION_CRITICAL_DAYS:
        return []
    return [
        Error(
            "CREDENTIAL_ROTATION_WARNING_DAYS must be smaller than CREDENTIAL_ROTATION_CRITICAL_DAYS.",
            hint="The defaults are 60 and 90.",
            id="cloudaccounts.E003",
        )
    ]


@register
def notify_webhook(app_configs: Any, **_: Any) -> list[CheckMessage]:
    # An unusable webhook would otherwise show only as notices that never arrive.
    url, secret = settings.NOTIFY_WEBHOOK_URL, settings.NOTIFY_WEBHOOK_SECRET
    if not url:
        return []
    from cloudaccounts.notifications.channels.webhook import transport as webhook_transport

    if not (wrong := webhook_transport.problem(url, secret)):
        return []
    return [
        Error(
            wrong,
            hint="Correct NOTIFY_WEBHOOK_URL and NOTIFY_WEBHOOK_SECRET, or unset both: nothing is sent there as it is.",
            id="cloudaccounts.E004",
        )
    ]


@register
def second_engine(app_configs: Any, **_: Any) -> list[CheckMessage]:
    # Otherwise each of its runs would fail, minutes after the scan that asked for it.
    if not settings.PROWLER_COMMAND:
        return []
    from scans.engines.prowler import problem

    if not (wrong := problem(settings.PROWLER_COMMAND)):
        return []
    hint = "Name the file bin/prowler of its virtual environment, or unset PROWLER_COMMAND: scans go on without it."
    return [DjangoWarning(wrong, hint=hint, id="cloudaccounts.W010")]


@register
def single_sign_on(app_configs: Any, **_: Any) -> list[CheckMessage]:
    # Each of these would otherwise show only when somebody tries to log in.
    has_saml = bool(settings.SAML_METADATA_FILE or settings.SAML_METADATA_URL)
    wrong = []
    if settings.OIDC_ISSUER and not (settings.OIDC_CLIENT_ID and settings.OIDC_CLIENT_SECRET):
        wrong.append("OIDC_ISSUER is set without OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.")
    if has_saml and find_spec("onelogin") is None:
        wrong.append("SAML is set up, and its library is not installed: pip install '.[saml]'.")
    if settings.REQUIRE_SSO and not (settings.OIDC_ISSUER or has_saml):
        wrong.append("REQUIRE_SSO is set without an identity provider: nobody could log in.")
    if settings.OIDC_TEAM_MAP:
        from config.signin.team_map import TeamMapError, parsed

        try:
            parsed(settings.OIDC_TEAM_MAP)
        except TeamMapError as error:
            wrong.append(str(error))
    hint = "docs/operations.md, “Single sign-on”, says what each setting takes."
    return [Error(text, hint=hint, id="cloudaccounts.E006") for text in wrong]


@register(Tags.security, deploy=True)
def base_url(app_configs: Any, **_: Any) -> list[CheckMessage]:
    if settings.BASE_URL.startswith("https://"):
        return []
    return [
        DjangoWarning(
            "BASE_URL is not an https:// address: links in mails would be plain, and CSRF checks refuse HTTPS forms.",
            hint="Set BASE_URL to the address that people open, such as https://accounts.example.com.",
            id="cloudaccounts.W001",
        )
    ]


@register(Tags.security, deploy=True)
def mail(app_configs: Any, **_: Any) -> list[CheckMessage]:
    if settings.EMAIL_BACKEND != "django.core.mail.backends.console.EmailBackend":
        return []
    return [
        DjangoWarning(
            "EMAIL_URL is not set: links to reset passwords go into the log, for whoever reads it, and to no person.",
            hint="Set EMAIL_URL to your mail server, such as smtp+tls://user:password@mail.example.com:587.",
            id="cloudaccounts.W002",
        )
    ]
