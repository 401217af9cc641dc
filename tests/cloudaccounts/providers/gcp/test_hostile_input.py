"""What strangers type, paste and upload: a clear message, and no request to any host from the input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.providers.gcp import identifiers, keyfile
from cloudaccounts.providers.gcp.forms import ImpersonationForm, ServiceAccountKeyForm, WorkloadIdentityForm
from cloudaccounts.providers.gcp.provider import PROVIDER
from tests.cloudaccounts.providers.gcp.conftest import Cloud, by_key

EXTERNAL_ACCOUNT = {
    "type": "external_account",
    "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/providers/b",
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    "token_url": "https://evil.example/token",
    "credential_source": {"file": "/etc/passwd"},
}
EMPTY_PEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def good(cloud: Cloud) -> dict[str, str]:
    """The file of a good key."""
    email = cloud.admin.put_service_account(cloud.project, "reader-account")
    cloud.control.clear_journal()
    data: dict[str, str] = json.loads(cloud.admin.put_key(email))
    return data


def refused(text: str) -> ProviderError:
    """As by API and by form; both refuse, with one message."""
    with pytest.raises(ProviderError) as by_api:
        by_key(text)
    form = ServiceAccountKeyForm({"service_account_json": text})
    assert not form.is_valid()
    assert text not in str(form.errors)
    return by_api.value


def test_the_good_file_is_accepted_and_rebuilt(good: dict[str, str]) -> None:
    stored = json.loads(by_key(json.dumps(good))["service_account_json"])
    assert set(stored) == {"type", "project_id", "private_key_id", "private_key", "client_email"}
    assert keyfile.for_sdk(json.dumps(stored))["token_uri"] == "https://oauth2.googleapis.com/token"


def test_cleaning_twice_changes_nothing(good: dict[str, str]) -> None:
    once = keyfile.clean(json.dumps(good))
    assert keyfile.clean(once) == once


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token_uri": "https://evil.example/token"}, "service_account_json_other_host"),
        ({"token_uri": "https://oauth2.googleapis.com.evil.example/token"}, "service_account_json_other_host"),
        ({"token_uri": "https://oauth2.googleapis.com@evil.example/token"}, "service_account_json_other_host"),
        ({"token_uri": "http://oauth2.googleapis.com/token"}, "service_account_json_other_host"),
        ({"token_uri": ["https://oauth2.googleapis.com/token"]}, "service_account_json_other_host"),
        ({"universe_domain": "evil.example"}, "service_account_json_other_universe"),
        ({"universe_domain": None}, "service_account_json_other_universe"),
        ({"type": "authorized_user"}, "service_account_json_wrong_type"),
        ({"type": "impersonated_service_account"}, "service_account_json_wrong_type"),
        ({"type": "gdch_service_account"}, "service_account_json_wrong_type"),
        ({"type": ["service_account"]}, "service_account_json_wrong_type"),
        ({"type": {}}, "service_account_json_wrong_type"),
        ({"client_email": "reader@evil.example"}, "service_account_json_invalid"),
        ({"client_email": "reader@my-project.iam.gserviceaccount.com.evil.example"}, "service_account_json_invalid"),
        ({"client_email": "a@b@my-project.iam.gserviceaccount.com"}, "service_account_json_invalid"),
        ({"client_email": "reader@my-project.iam.gserviceaccount.com/../../x"}, "service_account_json_invalid"),
        ({"client_email": "reader@my-project.iam.gserviceaccount.com\u0000"}, "service_account_json_invalid"),
        ({"client_email": 5}, "service_account_json_invalid"),
        ({"project_id": "../other"}, "service_account_json_invalid"),
        ({"project_id": "a/b"}, "service_account_json_invalid"),
        ({"private_key_id": "../../x"}, "service_account_json_invalid"),
        ({"private_key_id": "0" * 41}, "service_account_json_invalid"),
        ({"private_key": "x"}, "service_account_json_invalid"),
        ({"private_key": EMPTY_PEM}, "service_account_json_invalid"),
        ({"private_key": None}, "service_account_json_invalid"),
    ],
)  # fmt: skip
def test_each_changed_value_is_refused(
    cloud: Cloud, good: dict[str, str], changes: Mapping[str, Any], code: str
) -> None:
    assert refused(json.dumps({**good, **changes})).code == code
    assert cloud.hosts() == set()


def test_a_truncated_private_key_is_refused(good: dict[str, str]) -> None:
    lines = good["private_key"].splitlines()
    cut = "\n".join([*lines[:10], lines[-1]]) + "\n"
    assert "cut off" in refused(json.dumps({**good, "private_key": cut})).cause


def test_an_elliptic_key_is_refused(good: dict[str, str]) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    other = ec.generate_private_key(ec.SECP521R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert refused(json.dumps({**good, "private_key": other.decode()})).code == "service_account_json_invalid"


def test_extra_values_never_survive(good: dict[str, str]) -> None:
    bait = {
        "client_x509_cert_url": "https://evil.example/cert",
        "auth_uri": "https://evil.example/auth",
        "trust_boundary": {"locations": ["evil"]},
        "quota_project_id": "evil",
        "credential_source": {"file": "/etc/passwd"},
        "service_account_impersonation_url": "https://evil.example/",
    }
    assert "evil" not in by_key(json.dumps({**good, **bait}))["service_account_json"]


def test_bait_in_a_good_key_leads_nowhere(cloud: Cloud, good: dict[str, str]) -> None:
    bait = {"client_x509_cert_url": "https://evil.example/cert", "auth_uri": "https://evil.example/auth"}
    assert cloud.validate(by_key(json.dumps({**good, **bait}))).ok
    assert all(host.endswith(".googleapis.com") for host in cloud.hosts())
    assert cloud.control.refused_hosts() == []


def test_a_stored_value_that_was_tampered_with_is_checked_again(cloud: Cloud, good: dict[str, str]) -> None:
    """Sealed credentials cannot change; if one did, its address would still not be followed."""
    tampered = Credentials(
        "service_account_key", {"service_account_json": json.dumps({**good, "token_uri": "https://evil.example"})}
    )
    report = cloud.validate(tampered)
    assert report.code == "service_account_json_other_host"
    assert cloud.hosts() == set()
    file_source = Credentials("service_account_key", {"service_account_json": json.dumps(EXTERNAL_ACCOUNT)})
    assert cloud.validate(file_source).code == "service_account_json_wrong_type"
    assert cloud.hosts() == set()


def test_an_external_account_that_reads_a_file_is_refused_with_the_way_out(cloud: Cloud) -> None:
    error = refused(json.dumps(EXTERNAL_ACCOUNT))
    assert error.code == "service_account_json_wrong_type"
    assert "Workload identity federation" in error.remedy
    assert cloud.hosts() == set()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        "5",
        '"service_account"',
        "{" * 5000,
        "[" * 15_000,
        "1" * 15_000,
        '{"type": "service_account"}',
        '{"type": "service_account", "client_email": NaN}',
        '{"installed": {"client_id": "x"}}',
        "-----BEGIN PRIVATE KEY-----",
        "AIzaSy-an-api-key",
        "\x00\x00",
        "\u202e{}",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    assert refused(text).remedy


def test_five_megabytes_are_refused_by_their_size(good: dict[str, str]) -> None:
    text = json.dumps({**good, "padding": "x" * 5_000_000})
    error = refused(text)
    assert error.code == "service_account_json_too_large"
    assert "5,002 kB" in error.cause


def upload(content: bytes, name: str = "key.json") -> ServiceAccountKeyForm:
    return with_file({}, SimpleUploadedFile(name, content))


def with_file(data: dict[str, str], file: SimpleUploadedFile) -> ServiceAccountKeyForm:
    files: MultiValueDict[str, Any] = MultiValueDict({"service_account_json-file": [file]})
    return ServiceAccountKeyForm(data, files)


def test_an_upload_is_read_into_text(good: dict[str, str]) -> None:
    form = upload(b"\xef\xbb\xbf" + json.dumps(good).encode())
    assert form.is_valid(), form.errors
    assert form.cleaned_data["service_account_json"] == keyfile.clean(json.dumps(good))


def test_a_chosen_file_wins_over_what_was_pasted(good: dict[str, str]) -> None:
    file = SimpleUploadedFile("key.json", json.dumps(good).encode())
    assert with_file({"service_account_json": "{"}, file).is_valid()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x" * 5_000_000, "5,000 kB"),
        (b"\xff\xfe\x00", "not text"),
        (b"{\x00}", "NUL"),
        (b"", "key"),
    ],
)
def test_a_bad_upload_is_told_in_words(content: bytes, said: str) -> None:
    form = upload(content, "key.p12")
    assert not form.is_valid()
    assert said in str(form.errors)


def test_a_large_upload_is_not_even_read() -> None:
    file = SimpleUploadedFile("key.json", b"x" * 50_000)
    assert not with_file({}, file).is_valid()
    assert file.tell() == 0


def test_the_secret_never_goes_back_into_a_page(good: dict[str, str]) -> None:
    text = json.dumps(good)
    for form in (
        ServiceAccountKeyForm({"service_account_json": text}),
        ServiceAccountKeyForm(initial={"service_account_json": text}),
    ):
        page = form.as_p()
        assert "PRIVATE KEY" not in page
        assert 'type="file"' in page


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "123456789012",
        "../x",
        "my-project/../other",
        "my/project",
        "my-project?x=1",
        "my-project\x00",
        "my-project\nother",
        "мой-проект",
        "short",
        "-my-project",
        "my-project-",
        "1my-project",
        "example.com:my-project",
        "https://evil.example/?project=my-project",
        "projects/my-project",
        "a" * 31,
        "a" * 1_000_000,
        "someone@example.com",
        '"my-project"',
        "my_project",
        "my project",
        "my-project%2f..",
    ],
)
def test_what_is_no_project_id_is_refused(raw: str) -> None:
    with pytest.raises(ProviderError) as error:
        PROVIDER.clean_account_id(raw)
    assert error.value.code == "account_id_invalid"
    assert error.value.remedy


@pytest.mark.parametrize("raw", [" my-project ", "MY-PROJECT", "my-project\n"])
def test_a_project_id_becomes_canonical(raw: str) -> None:
    assert PROVIDER.clean_account_id(raw) == "my-project"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "reader@example.com",
        "reader@my-project.iam.gserviceaccount.com.evil.example",
        "reader@evil.example/my-project.iam.gserviceaccount.com",
        "reader@gserviceaccount.com",
        "../x@my-project.iam.gserviceaccount.com",
        "reader:x@my-project.iam.gserviceaccount.com",
        "reader@my-project.iam.gserviceaccount.com:generateAccessToken",
        "reader@my-project.iam.gserviceaccount.com\x00",
        "reader@my-project.iam.gserviceaccount.com?x",
        "123456789012345678901",
        "x" * 100_000,
    ],
)
def test_what_is_no_service_account_is_refused(cloud: Cloud, raw: str) -> None:
    assert not ImpersonationForm({"service_account_email": raw}).is_valid()
    report = cloud.validate(Credentials("impersonation", {"service_account_email": raw}))
    assert report.code == "service_account_email_invalid"
    assert cloud.hosts() == set()


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "//evil.example/projects/123456789012/locations/global/workloadIdentityPools/pool/providers/name",
        "https://iam.googleapis.com.evil.example/projects/123456789012/locations/global/workloadIdentityPools/pool/providers/name",
        "//iam.googleapis.com/projects/my-project/locations/global/workloadIdentityPools/pool/providers/name",
        "//iam.googleapis.com/locations/global/workforcePools/pool/providers/name",
        "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/pool",
        "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/../providers/name",
        "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/pool/providers/name\x00",
        "file:///etc/passwd",
        "x" * 100_000,
    ],
)
def test_what_is_no_provider_is_refused(cloud: Cloud, raw: str) -> None:
    email = "reader@my-project.iam.gserviceaccount.com"
    assert not WorkloadIdentityForm({"audience": raw, "service_account_email": email}).is_valid()
    values = {"audience": raw, "service_account_email": email}
    assert cloud.validate(Credentials("workload_identity", values)).code == "audience_invalid"
    assert cloud.hosts() == set()


def test_a_provider_copied_with_https_or_without_host_becomes_canonical() -> None:
    name = "projects/123456789012/locations/global/workloadIdentityPools/pool/providers/name"
    for raw in (name, f"//iam.googleapis.com/{name}", f"https://iam.googleapis.com/{name}"):
        assert identifiers.clean_audience(raw) == f"//iam.googleapis.com/{name}"


def test_a_region_that_does_not_exist_is_refused_before_any_request(cloud: Cloud) -> None:
    credentials = cloud.key()
    cloud.control.clear_journal()
    report = cloud.validate(credentials, regions=("evil.example/#",))
    assert report.code == "region_unknown"
    assert cloud.hosts() == set()


@given(st.text(max_size=300))
def test_any_text_is_cleaned_or_refused(text: str) -> None:
    for clean in (identifiers.clean_project_id, identifiers.clean_email, identifiers.clean_audience, keyfile.clean):
        try:
            cleaned = clean(text)
        except ProviderError as error:
            told = error.cause
        else:
            told, text_of_clean = "cleaned", clean(cleaned)
            assert cleaned == text_of_clean
        assert told
        assert len(text) < 8 or text not in told


@given(
    st.dictionaries(
        st.sampled_from(["type", "client_email", "private_key", "private_key_id", "project_id", "token_uri"]),
        st.one_of(
            st.text(max_size=20), st.none(), st.integers(), st.lists(st.text(max_size=3)), st.just("service_account")
        ),
    )
)
def test_any_json_object_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ProviderError):
        keyfile.clean(json.dumps(data))
