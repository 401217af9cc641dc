"""One sandbox for all tests here; the simulated Google Cloud is asked as Google's clients ask it, and by bare REST."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from google.auth.transport.requests import Request
from google.oauth2 import service_account

os.environ.setdefault("CLOUD_ACCOUNTS_SANDBOX", "1")

from sandbox.control import Control
from sandbox.rig import Rig

PROJECT = "meadowlark-data-prod"


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def control(rig: Rig) -> Iterator[Control]:
    control = rig.control
    control.clear_journal()
    yield control
    control.clear_faults()


class Rest:
    """Bare HTTPS through the proxy, with an access token where one is wanted."""

    def __init__(self, rig: Rig, token: str = "") -> None:
        self._proxies = {"https": rig.proxy_url}
        self._verify = rig.ca_bundle
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, url: str, **more: Any) -> requests.Response:
        given = {"proxies": self._proxies, "verify": self._verify, "headers": self._headers, "timeout": 10, **more}
        return requests.request(method, url, **given)  # noqa: S113 # among the given


@pytest.fixture
def token(rig: Rig) -> str:
    """An access token of the reader with all roles."""
    return token_of(rig, rig.scenario("Everything granted", "gcp")["fields"]["service_account_json"])


def token_of(rig: Rig, key_file: str) -> str:
    """An access token of a key file, got as Google's library gets it."""
    info = json.loads(key_file)
    credentials = service_account.Credentials.from_service_account_info(
        info, scopes=["https://www.googleapis.com/auth/cloud-platform"]
    )
    session = requests.Session()
    session.trust_env = False  # this machine's own bundle must not stand in
    session.proxies, session.verify = {"https": rig.proxy_url}, rig.ca_bundle
    credentials.refresh(Request(session))
    return str(credentials.token)
