"""The reference: the same calls to Google Cloud with its SDK as the documentation shows it.

gRPC reads its variables once in a process: import this only where the sandbox's are set.
"""

from __future__ import annotations

import json

from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud.asset_v1 import AssetServiceClient, ContentType, ListAssetsRequest
from google.cloud.resourcemanager_v3 import ProjectsClient
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials as AccessToken

from cloudaccounts.providers.gcp.permissions import APIS, PERMISSIONS

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
TIMEOUT = 15.0  # as in ours: without it, a call that stalls holds up the benchmark for ever


def connection_test(service_account_json: str, project_id: str) -> None:
    """One after the other: which project is it, how old is my key, which APIs are on, what may I do."""
    info = json.loads(service_account_json)
    key = service_account.Credentials.from_service_account_info(info, scopes=SCOPES)
    key.refresh(Request())
    # One token for all: given the key itself, the clients would sign tokens of their own, which the sandbox refuses.
    credentials = AccessToken(key.token)
    parent, host = f"projects/{project_id}", f"projects/{info['project_id']}"
    with (
        ProjectsClient(credentials=credentials) as projects,
        AssetServiceClient(credentials=credentials) as assets,
        AuthorizedSession(credentials) as session,
    ):
        projects.get_project(name=parent, timeout=TIMEOUT)
        email = info["client_email"]
        for url, params in (
            (f"https://iam.googleapis.com/v1/{host}/serviceAccounts/{email}/keys", {"keyTypes": ["USER_MANAGED"]}),
            (
                f"https://serviceusage.googleapis.com/v1/{host}/services:batchGet",
                {"names": [f"{host}/services/{api}" for api in APIS]},
            ),
        ):
            response = session.get(url, params=params, timeout=TIMEOUT)
            response.raise_for_status()
            response.json()
        types = ["cloudresourcemanager.googleapis.com/Project"]
        one_asset = ListAssetsRequest(parent=parent, asset_types=types, content_type=ContentType.RESOURCE, page_size=1)
        assets.list_assets(one_asset, timeout=TIMEOUT)
        needed = [permission.name for permission in PERMISSIONS]
        projects.test_iam_permissions(resource=parent, permissions=needed, timeout=TIMEOUT)
