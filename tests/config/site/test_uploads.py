from __future__ import annotations

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile
from django.test import Client, RequestFactory

from cloudaccounts.providers.gcp.forms import ServiceAccountKeyForm
from tests.conftest import ALL_DATABASES

KEY = b"-----BEGIN PRIVATE KEY-----"


def test_a_small_file_arrives_whole_and_touches_no_disk(rf: RequestFactory) -> None:
    request = rf.post("/", {"file": SimpleUploadedFile("key.json", KEY)})
    upload = request.FILES["file"]
    assert isinstance(upload, InMemoryUploadedFile)
    assert upload.read() == KEY


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 5_000_000])
def test_a_large_file_arrives_with_its_size_and_without_its_content(rf: RequestFactory, size: int) -> None:
    upload = rf.post("/", {"file": SimpleUploadedFile("key.json", b"x" * size)}).FILES["file"]
    assert isinstance(upload, InMemoryUploadedFile)
    assert (upload.size, upload.read()) == (size, b"")


def test_a_large_key_file_is_told_in_the_forms_own_words(rf: RequestFactory) -> None:
    request = rf.post("/", {"service_account_json-file": SimpleUploadedFile("key.json", b"x" * 5_000_000)})
    form = ServiceAccountKeyForm(request.POST, request.FILES)
    assert not form.is_valid()
    assert "5,000 kB" in str(form.errors)


def test_what_no_form_could_want_is_refused_unread(rf: RequestFactory) -> None:
    request = rf.post("/", {"file": SimpleUploadedFile("key.json", b"x" * 11_000_000)})
    with pytest.raises(RequestDataTooBig):
        _ = request.FILES


@pytest.mark.django_db(databases=ALL_DATABASES)
def test_that_refusal_is_a_page_of_our_own(alices: Client) -> None:
    response = alices.post("/profile/", {"file": SimpleUploadedFile("key.json", b"x" * 11_000_000)})
    assert response.status_code == 400
    assert "Nothing was changed" in response.content.decode()
