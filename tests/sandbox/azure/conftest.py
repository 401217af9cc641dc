"""The simulated Azure, asked as plain HTTP on the wire: what the SDKs would see, without their help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from sandbox.control import Control
from sandbox.rig import Rig

LOGIN, ARM = "login.microsoftonline.com", "management.azure.com"
VERSIONS = {"subscriptions": "2022-12-01", "resources": "2025-04-01", "authorization": "2022-04-01"}
Fields = Mapping[str, str]


@dataclass
class Azure:
    rig: Rig
    control: Control
    http: requests.Session

    def place(self, name: str) -> str:
        return next(str(one["id"]) for one in self.control.subscriptions() if one["name"] == name)

    def fields(self, title: str) -> dict[str, str]:
        fields: dict[str, str] = self.rig.scenario(title, "azure")["fields"]
        return fields

    def sign_in(self, fields: Fields, *, host: str = LOGIN, **more: str) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": fields["client_id"],
            "scope": "https://management.azure.com/.default",
            **({"client_secret": fields["client_secret"]} if "client_secret" in fields else {}),
            **more,
        }
        return self.http.post(f"https://{host}/{fields['tenant_id']}/oauth2/v2.0/token", data=form, timeout=10)

    def token(self, fields: Fields) -> str:
        answer = self.sign_in(fields)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def get(
        self, path: str, token: str = "", *, version: str = VERSIONS["resources"], **more: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = path if path.startswith("https://") else f"https://{ARM}{path}"
        parameters = {} if "api-version=" in path else {"api-version": version}
        return self.http.get(url, params={**parameters, **more}, headers=headers, timeout=10)


@pytest.fixture
def azure(rig: Rig, control: Control) -> Iterator[Azure]:
    with requests.Session() as session:
        session.proxies = {"https": rig.proxy_url}
        session.verify = rig.ca_bundle
        session.trust_env = False
        yield Azure(rig, control, session)


def code_of(answer: requests.Response) -> tuple[int, str]:
    """Status and Azure's error id."""
    body = answer.json()
    if isinstance(body["error"], dict):
        assert body["error"]["message"]
        return answer.status_code, body["error"]["code"]
    number = body["error_codes"][0]
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    return answer.status_code, f"AADSTS{number}"
