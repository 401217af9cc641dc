"""All settings, from the environment (see `config.env`) and the data folder (see `config.datafolder`)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF

from config.brokers.schedule import BEAT_SCHEDULE
from config.databases import DISCOVERY, SECURITY, database
from config.datafolder import DataFolder
from config.env import ROOT, Env
from config.logs import logging_settings

django_stubs_ext.monkeypatch()  # lets Django's generic classes be subscripted at run time

os.umask(0o077)  # files that this product writes are readable by its own user only

env = Env()
BASE_DIR = ROOT
DEBUG = env.flag("DEBUG", default=False)

# --- Mode and data folder -----------------------------------------------------------------------------------------
SANDBOX = env.flag("CLOUD_ACCOUNTS_SANDBOX", default=False)
# `up` on loopback serves plain HTTP, where Secure cookies and the redirect to HTTPS would lock everybody out.
PLAIN_HTTP = env.flag("CLOUD_ACCOUNTS_PLAIN_HTTP", default=False) or DEBUG
DATA_DIR = Path(env.text("DATA_DIR") or (ROOT / "var" / "sandbox" if SANDBOX else ROOT / "var")).absolute()
_folder = DataFolder(DATA_DIR, "sandbox" if SANDBOX else "live")
# Before the keys are read below: the first start makes them.
_folder.prepare()
# Written by the simulated clouds once they answer: what they offer to whoever tries the product.
SANDBOX_DESCRIPTION = DATA_DIR / "clouds" / "sandbox.json" if SANDBOX else None

# --- Keys ---------------------------------------------------------------------------------------------------------
SECRET_KEY = env.text("SECRET_KEY") or _folder.secret_key()
# Keys of before: sessions and reset links under them count until the operator takes them out (docs/operations.md).
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
CREDENTIAL_ENCRYPTION_KEYS = env.words("CREDENTIAL_ENCRYPTION_KEYS") or _folder.encryption_keys()

# --- Where we are ---------------------------------------------------------------------------------------------------
BASE_URL = env.origin("BASE_URL", "http://127.0.0.1:8000")
_base = urlsplit(BASE_URL)
_loopback = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or sorted({_base.hostname or "", *_loopback})
CSRF_TRUSTED_ORIGINS = [BASE_URL]
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")

# --- Apps -----------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "cloudaccounts.apps.CloudAccountsConfig",
    "wizard.apps.WizardConfig",
    "scans.apps.ScansConfig",
    "teams.apps.TeamsConfig",
    "config.apps.ProjectConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_celery_results",
    "django_htmx",
    "formtools",
    "csp",
    "axes",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "config.signin.apps.SignInConfig",  # after allauth, whose pages it takes out of the admin
]
MIDDLEWARE = [
    "config.middleware.TrustedProxyMiddleware",  # first: everything below reads REMOTE_ADDR and the scheme
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # before sessions: static files need none, and stay cacheable
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "config.middleware.NotStoredMiddleware",  # after authentication, whose result it reads
    "config.middleware.CallerMiddleware",  # the same
    "config.middleware.TeamLimitMiddleware",
    "config.roles.RoleMiddleware",  # after authentication: what a page takes of its reader's role
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.signin.middleware.SignInMiddleware",  # inside allauth's, whose exceptions it answers
    "axes.middleware.AxesMiddleware",  # last, as django-axes asks
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.site.context.product",
                "teams.context.team",
            ],
        },
    }
]
FORM_RENDERER = "config.site.form_renderer.FormRenderer"

# --- Databases ------------------------------------------------------------------------------------------------------
DATABASES = {
    "default": database("default", env.text("DATABASE_URL"), DATA_DIR),
    SECURITY: database(SECURITY, env.text("CLOUD_SECURITY_DATABASE_URL"), DATA_DIR),
    DISCOVERY: database(DISCOVERY, env.text("CLOUD_ASSET_DISCOVERY_DATABASE_URL"), DATA_DIR),
}
DATABASE_ROUTERS = ["config.databases.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Celery (read by config.celery under the namespace CELERY) ------------------------------------------------------
_broker = DATA_DIR / "broker"
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "filesystem://localhost/")
if CELERY_BROKER_URL.startswith("filesystem:"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker),
        "data_folder_out": str(_broker),
        "control_folder": str(_broker / "control"),
        "polling_interval": 0.2,  # kombu's default of a second would be felt by a person who waits
    }
else:
    # A publish must fail within seconds when the broker is down: the row stays, and a reconciler sends it again.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 3, "socket_timeout": 10, "max_retries": 1}
CELERY_BROKER_CONNECTION_TIMEOUT = 3
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.2}
# In `default`, which is never MongoDB: its tables rely on integer keys (docs/decisions/0001).
CELERY_RESULT_BACKEND = "config.results.Backend"  # django-db, with secrets hidden
CELERY_RESULT_EXTENDED = True
CELERY_RESULT_EXPIRES = 3 * 86400
# A message is acknowledged when its task has ended, so that a killed worker's message is delivered again. Prefetching
# nothing more: a message that waits in a busy worker's memory would not reach an idle one.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # LOGGING below redacts; Celery's own formatter would not
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_TASK_DEFAULT_QUEUE = "checks"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]  # never pickle: whoever can write to the broker could run code
# Works in pools of processes alone; in threads, deadlines and leases do what it would (docs/decisions/0005).
CELERY_TASK_TIME_LIMIT = 300  # seconds; tasks that may run longer say so themselves
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = BEAT_SCHEDULE

# --- Accounts and credentials ---------------------------------------------------------------------------------------
CREDENTIAL_ROTATION_WARNING_DAYS = env.number("CREDENTIAL_ROTATION_WARNING_DAYS", 60, least=1)
CREDENTIAL_ROTATION_CRITICAL_DAYS = env.number("CREDENTIAL_ROTATION_CRITICAL_DAYS", 90, least=1)
CREDENTIAL_ROLLBACK_DAYS = env.number("CREDENTIAL_ROLLBACK_DAYS", 7, least=0)
# Automatic rotation: how long the old key must be silent before it is deactivated, and stays so before it is deleted.
ROTATION_WATCH_HOURS = env.number("ROTATION_WATCH_HOURS", 24, least=1)
ROTATION_GRACE_DAYS = env.number("ROTATION_GRACE_DAYS", 7, least=0)
# How long a team's former external ID opens the accounts that trust no other yet.
EXTERNAL_ID_GRACE_DAYS = env.number("EXTERNAL_ID_GRACE_DAYS", 30, least=0)
WIZARD_SESSION_DAYS = env.number("WIZARD_SESSION_DAYS", 7, least=1)
CONNECTION_TIMEOUT_SECONDS = env.number("CONNECTION_TIMEOUT_SECONDS", 15, least=1)
HEARTBEAT_INTERVAL_MINUTES = env.number("HEARTBEAT_INTERVAL_MINUTES", 15, least=1)
HEARTBEAT_REPORT_HOURS = env.number("HEARTBEAT_REPORT_HOURS", 24, least=1)  # between full permission reports
# A temporary cause fails an account only after this many failed checks in a row. The first two are
# HEARTBEAT_BACKOFF_MINUTES apart, and each further interval is twice as long: 2 + 4 + 8 + 16 + 32 minutes.
HEARTBEAT_FAILURES = env.number("HEARTBEAT_FAILURES", 6, least=2)
HEARTBEAT_BACKOFF_MINUTES = env.number("HEARTBEAT_BACKOFF_MINUTES", 2, least=1)
# How many heartbeats of a provider run at the same time, over all processes, where its own number is not enough:
# tests/bench/simulation.py and docs/operations.md say how many a fleet needs.
HEARTBEATS_AT_ONCE = env.numbers("HEARTBEATS_AT_ONCE")
HEALTH_HISTORY_DAYS = env.number("HEALTH_HISTORY_DAYS", 90, least=1)  # failures, changes and full reports
HEALTH_ROUTINE_DAYS = env.number("HEALTH_ROUTINE_DAYS", 2, least=1)  # checks that passed as the one before
AUDIT_RETENTION_DAYS = env.number("AUDIT_RETENTION_DAYS", 400, least=1)
AWS_TEMPLATE_URL = env.text("AWS_TEMPLATE_URL")
AWS_ORGANIZATION_TEMPLATE_URL = env.text("AWS_ORGANIZATION_TEMPLATE_URL")
AZURE_ORGANIZATION_TEMPLATE_URL = env.text("AZURE_ORGANIZATION_TEMPLATE_URL")
GCP_ORGANIZATION_TEMPLATE_URL = env.text("GCP_ORGANIZATION_TEMPLATE_URL")
# A second engine: the path of an installed Prowler, in an environment of its own. Empty: there is none.
PROWLER_COMMAND = env.text("PROWLER_COMMAND")
PROWLER_MINUTES = env.number("PROWLER_MINUTES", 30, least=1)  # how long one run may take
APPLY_SECRETS_DIR = env.text("APPLY_SECRETS_DIR")  # where `manage.py apply` finds file:NAME

# --- HTTP API -------------------------------------------------------------------------------------------------------
API_CALLS_PER_MINUTE = env.number("API_CALLS_PER_MINUTE", 1200, least=1)  # of one token
# New credentials that a cloud refused: of one owner in an hour, and at one account (whoever tries) in 15 minutes.
API_FAILED_VALIDATIONS_PER_HOUR = env.number("API_FAILED_VALIDATIONS_PER_HOUR", 120, least=1)
API_FAILED_VALIDATIONS_PER_ACCOUNT = env.number("API_FAILED_VALIDATIONS_PER_ACCOUNT", 20, least=1)

# --- One team never slows another: beyond these, 429 with Retry-After ------------------------------------------------
TEAM_CALLS_IN_FLIGHT = env.number("TEAM_CALLS_IN_FLIGHT", 8, least=1)  # calls that wait for a cloud, at the same time
TEAM_DRAFTS = env.number("TEAM_DRAFTS", 200, least=1)  # open drafts of the wizard
TEAM_ROTATIONS = env.number("TEAM_ROTATIONS", 5, least=1)  # automatic ones that make or test a key at the same time
TEAM_JOBS = env.number("TEAM_JOBS", 20, least=1)  # jobs that have not ended
TEAM_TOKENS = env.number("TEAM_TOKENS", 100, least=1)  # that are alive, of each member and of the team itself
TEAM_CHANNELS = env.number("TEAM_CHANNELS", 50, least=1)
TEAM_CHANNEL_MESSAGES = env.number("TEAM_CHANNEL_MESSAGES", 600, least=1)  # in an hour; what is beyond waits

# --- Metrics --------------------------------------------------------------------------------------------------------
METRICS_TOKEN = env.text("METRICS_TOKEN")  # without one, /metrics answers only this machine
METRICS_DIR = str(_folder.metrics)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = METRICS_DIR  # read by prometheus_client when it is loaded

# --- People ---------------------------------------------------------------------------------------------------------
# axes first: it refuses whoever is locked out before a password is compared.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# By name and address together: guessing locks out neither the person at other addresses nor others behind the proxy.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the page says when it ends, and trying again does not move that
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "config.site.lockout.locked_out"
AXES_CLIENT_IP_CALLABLE = "config.site.lockout.client_address"
AXES_USERNAME_CALLABLE = "config.site.lockout.counted_name"
AXES_DISABLE_ACCESS_LOG = True  # it would keep a row for each login for ever; the audit records logins
AXES_SENSITIVE_PARAMETERS = ["username"]  # people type passwords there: in no log line and no stored form
AXES_VERBOSE = False
# Single sign-on. What the provider says of itself the scheduler fetches (config/signin/documents.py).
OIDC_ISSUER = env.text("OIDC_ISSUER")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET")
OIDC_GROUPS_CLAIM = env.text("OIDC_GROUPS_CLAIM", "groups")
OIDC_TEAM_MAP = env.text("OIDC_TEAM_MAP")
OIDC_REQUIRE_AUTH_TIME = env.flag("OIDC_REQUIRE_AUTH_TIME", default=False)
SAML_METADATA_FILE = env.text("SAML_METADATA_FILE")
SAML_METADATA_URL = env.text("SAML_METADATA_URL")
REQUIRE_SECOND_FACTOR = env.flag("REQUIRE_SECOND_FACTOR", default=False)
REQUIRE_SSO = env.flag("REQUIRE_SSO", default=False)
# allauth: what it leaves to a project, as this product wants it. Its limits would count in each process by itself; the
# brake is axes, for names, codes and passkeys alike (config/signin/brake.py).
ACCOUNT_ADAPTER = "config.signin.account_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up; without a password field the login has none
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_RATE_LIMITS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_METHODS = ("password", "mfa")
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600  # seconds, as cloudaccounts.web.reauthentication counts
# Django's, which names the address in the token: allauth's own would write rows of addresses for it.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
SOCIALACCOUNT_ADAPTER = "config.signin.social_adapter.SocialAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_EMAIL_REQUIRED = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
MFA_ADAPTER = "config.signin.second_factor.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are not verified here: nobody signs up
MFA_RATE_LIMITS = False
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds: clocks of telephones differ
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False  # True takes any origin; plain http://localhost counts as secure anyway
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600  # seconds; the page and the mail say “an hour”
_mail = env.mail("EMAIL_URL")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _mail.get("EMAIL_HOST", ""), _mail.get("EMAIL_PORT", 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_USER", ""), _mail.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10  # seconds: a mail server that hangs must not hold a worker
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"cloud-accounts@{_base.hostname}")
NOTIFY_DIGEST_MINUTES = env.number("NOTIFY_DIGEST_MINUTES", 5)  # how long news is gathered for one mail
NOTIFY_WEBHOOK_URL = env.text("NOTIFY_WEBHOOK_URL")
NOTIFY_WEBHOOK_SECRET = env.text("NOTIFY_WEBHOOK_SECRET")
# Hosts (or host:port) that channels of teams may call although they are private, loopback or plain http.
CHANNEL_HOSTS = env.words("CHANNEL_HOSTS")
CHANNEL_MAIL_DOMAINS = env.words("CHANNEL_MAIL_DOMAINS")  # that channels may mail to; any without one

# --- Pages ----------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False  # texts exist in English only
FORMAT_MODULE_PATH = "config.formats"  # the admin writes dates as the pages do
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [ROOT / "static"]
# Names with a hash of the content: browsers may cache files for ever, and never show an old one after a deployment.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
# What is larger is refused here and not by the web server, which reads one byte more (BODY_BUFFERED in
# running/web_worker.py).
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["config.site.uploads.MemoryOnly"]  # uploads are keys: no temporary files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000  # an organization's page lets hundreds of accounts be ticked

# --- Browser security -----------------------------------------------------------------------------------------------
# Nothing from other hosts, no inline script and no inline style: templates have none, and tests hold them to it. Charts
# are SVG attributes, and htmx runs without eval (see htmx-config in base.html).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"  # “Strict” would log out who follows a link in a mail
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not PLAIN_HTTP
# Browsers send cookies to every port of a host: two instances on one machine would log each other out.
SESSION_COOKIE_NAME = "cam_session" if _base.port is None else f"cam_session_{_base.port}"
CSRF_COOKIE_NAME = "cam_csrf" if _base.port is None else f"cam_csrf_{_base.port}"
SECURE_SSL_REDIRECT = not PLAIN_HTTP
# Load balancers and scrapers ask by plain HTTP, on a port that is not public.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else 365 * 86400
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not PLAIN_HTTP
# Only a proxy of TRUSTED_PROXIES can set this header: config.middleware takes it from everybody else.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DEFAULT_EXCEPTION_REPORTER_FILTER = "config.site.debug_page.WithoutValues"
LOGGING = logging_settings(as_json=env.text("LOG_FORMAT") == "json", level=env.text("LOG_LEVEL", "INFO"))
