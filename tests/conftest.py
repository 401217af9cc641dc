"""What all tests share: three people, their browsers, and accounts to look at."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError, connections
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from cloudaccounts import registry
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.identity import CredentialFacts, Credentials
from cloudaccounts.credentials.vault import store
from cloudaccounts.models import CloudAccount, CloudAccountStatus
from config.env import ROOT
from tests import databases, emptying
from tests.environment import FOLDER, MONGODB
from tests.toycloud import provider as toy

# Hashed names need `collectstatic`; the journeys run on a real start, which does it.
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
# Production's takes half a second for each person that a test makes; started products (tests/stack.py) keep it.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
emptying.install()

COUNTS_SQL = {"django_assert_num_queries", "django_assert_max_num_queries"}
ALL_DATABASES = ["default", "cloud_security", "cloud_asset_discovery"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """MongoDB rolls nothing back here: there, every test empties what it wrote. Nor has it SQL to count."""
    if not MONGODB:
        return
    for item in items:
        for marker in item.iter_markers("django_db"):
            dict.__setitem__(cast("dict[str, Any]", marker.kwargs), "transaction", True)
        if COUNTS_SQL & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.skip(reason="It counts SQL; what MongoDB is asked, tests/mongodb looks at."))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """Three test databases, as in production: files where SQLite serves them, so that threads see one another."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    for alias, database in settings.DATABASES.items():
        sqlite = "sqlite" in database["ENGINE"]
        # Two checkouts may be tested on one server at the same time.
        checkout = f"{zlib.crc32(bytes(ROOT)):08x}"
        name = str(FOLDER / f"test_{alias}.sqlite3") if sqlite else f"test_{checkout}_{alias}_{worker}"
        database.setdefault("TEST", {})["NAME"] = name


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """In place of pytest-django's, which would migrate all three in each process."""
    names = {alias: settings.DATABASES[alias]["NAME"] for alias in ALL_DATABASES}
    with django_db_blocker.unblock():
        for alias in ALL_DATABASES:
            databases.ready(alias, anew=request.config.getoption("create_db"))
    yield
    with django_db_blocker.unblock():
        for alias, name in names.items():
            try:
                connections[alias].creation.destroy_test_db(name, verbosity=0)
            except DatabaseError as error:  # somebody is connected to it still
                request.node.warn(pytest.PytestWarning(f"The test database {alias} could not be removed: {error!r}"))


def raw_rows(alias: str) -> list[str]:
    """Each row that a database holds, as it is stored: below the ORM, which would show sealed values as such."""
    connection: Any = connections[alias]
    if connection.vendor == "mongodb":
        return [
            str(row)
            for name in connection.introspection.table_names()
            for row in connection.get_collection(name).find()
        ]
    with connection.cursor() as cursor:
        rows: list[str] = []
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608  # names come from the database itself
            rows += [str(row) for row in cursor.fetchall()]
    return rows


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", "alice@example.org", "alice-knows-this")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", "bob@example.org", "bob-knows-this-too")


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("olga", "olga@example.org", "olga-runs-this-place")


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    """A signed-in test client of a person."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def alices(alice: User, browser_of: Callable[[User], Client]) -> Client:
    return browser_of(alice)


@pytest.fixture
def bobs(bob: User, browser_of: Callable[[User], Client]) -> Client:
    return browser_of(bob)


MakeAccount = Callable[..., CloudAccount]
SECRET = secrets.token_urlsafe(30)  # 40 characters, as AWS makes them


@pytest.fixture
def make_account() -> MakeAccount:
    """An account with a sealed credential, as onboarding leaves it; any field can be given."""

    def make(owner: User, *, age_days: int = 0, secretless: bool = False, **fields: Any) -> CloudAccount:
        since = timezone.now() - timedelta(days=age_days)
        values: dict[str, Any] = {
            "id": uuid4(),
            "provider": "aws",
            "account_id": f"{uuid4().int % 10**12:012d}",
            "name": "data-platform",
            "regions": ["us-east-1", "eu-west-1"],
            "partition": "aws",
            "auth_method": "cross_account_role" if secretless else "access_keys",
            "status": CloudAccountStatus.ACTIVE,
            "credential_since": since,
            "credential_secretless": secretless,
            **fields,
        }
        account = CloudAccount(owner=str(owner.pk), **values)
        account.save(force_insert=True)
        store(
            account=account,
            credentials=Credentials(
                "access_keys", {"access_key_id": "AKIDTESTTESTTESTTEST", "secret_access_key": SECRET}
            ),
            facts=CredentialFacts(kind="Access key", hint="AKID…TEST", secretless=secretless),
            since=since,
            actor=Actor(str(owner.pk), owner.username, "page", "127.0.0.1"),
        )
        return account

    return make


class _ToyEntry:
    name = "toy"

    @staticmethod
    def load() -> toy.ToyProvider:
        return toy.PROVIDER


@pytest.fixture
def toycloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[toy.State]:
    """The toy cloud, brought in as a distribution of its own would be: by the entry-point group."""
    monkeypatch.setattr(registry, "_installed", lambda: [_ToyEntry])
    registry.forget()
    toy.STATE.__init__()  # type: ignore[misc]  # back to how it began
    yield toy.STATE
    monkeypatch.undo()
    registry.forget()


@pytest.fixture
def toy_account(toycloud: toy.State) -> MakeAccount:
    """An account of the toy cloud with a stored token that works."""

    def make(owner: User, **fields: Any) -> CloudAccount:
        values: dict[str, Any] = {
            "id": uuid4(), "provider": "toy", "account_id": "abcdef", "name": "toybox", "regions": ["left", "right"],
            "partition": "shelf", "auth_method": "token", "status": CloudAccountStatus.ACTIVE, **fields,
        }  # fmt: skip
        account = CloudAccount(owner=str(owner.pk), **values)
        account.save(force_insert=True)
        store(
            account=account,
            credentials=Credentials("token", {"token": toycloud.good_token}),
            facts=CredentialFacts(kind="Token"),
            since=timezone.now(),
            actor=Actor(str(owner.pk), owner.username, "page", "127.0.0.1"),
        )
        return account

    return make
