"""Addresses of service accounts, projects of a domain among them."""

from __future__ import annotations

import json

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.pasted_text import text_encoding
from cloudaccounts.providers.gcp import identifiers, keyfile
from tests.cloudaccounts.providers.gcp.conftest import Cloud


@pytest.mark.parametrize(
    ("email", "project"),
    [
        ("reader@my-project.iam.gserviceaccount.com", "my-project"),
        ("reader@my-project.example.com.iam.gserviceaccount.com", "example.com:my-project"),
        ("reader@foo.foo.io.iam.gserviceaccount.com", "foo.io:foo"),
        ("reader@shop.eu.example.co.uk.iam.gserviceaccount.com", "eu.example.co.uk:shop"),
        ("my-project@appspot.gserviceaccount.com", "my-project"),
        ("my-project.example.com@appspot.gserviceaccount.com", "example.com:my-project"),
        ("123456789012-compute@developer.gserviceaccount.com", "123456789012"),
    ],
)
def test_a_service_account_belongs_to_a_project(email: str, project: str) -> None:
    assert identifiers.clean_email(email.upper()) == email
    assert identifiers.host_project(email) == project


@pytest.mark.parametrize(
    ("email", "cause"),
    [
        ("reader@my-project.example.com", "those end with .gserviceaccount.com"),
        ("reader@my-project..example.com.iam.gserviceaccount.com", "is misspelt"),
        ("reader@.example.com.iam.gserviceaccount.com", "is misspelt"),
        ("reader@my-project.example.com/x.iam.gserviceaccount.com", "is misspelt"),
        ("reader@my-project.-example.com.iam.gserviceaccount.com", "is misspelt"),
        ("123456789012@cloudservices.gserviceaccount.com", "one of Google's own"),
    ],
)
def test_what_is_none_is_refused_with_a_true_sentence(email: str, cause: str) -> None:
    with pytest.raises(ProviderError) as caught:
        identifiers.clean_email(email)
    assert cause in caught.value.cause
    assert caught.value.remedy


def test_a_key_of_a_domains_project_is_taken(cloud: Cloud) -> None:
    data = json.loads(cloud.admin.put_key(cloud.admin.put_service_account(cloud.project, "reader-account")))
    data |= {"project_id": "example.com:my-project", "client_email": "r@my-project.example.com.iam.gserviceaccount.com"}
    assert json.loads(keyfile.clean(json.dumps(data)))["project_id"] == "example.com:my-project"
    data["project_id"] = "example.com:my-project/../x"
    with pytest.raises(ProviderError):
        keyfile.clean(json.dumps(data))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_files_of_windows_programs_are_text(encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""  # the others write it themselves, or need none
    content = (mark + '{"ü": 1}').encode(encoding)
    assert json.loads(content.decode(text_encoding(content))) == {"ü": 1}
