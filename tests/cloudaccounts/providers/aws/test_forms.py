"""What people type: every slip has a message of its own, and nothing hostile gets further than the form."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import TypeVar

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.providers.aws.forms import AccessKeysForm, CrossAccountRoleForm
from cloudaccounts.providers.aws.identifiers import clean_account_id, parse_role_arn
from cloudaccounts.providers.aws.provider import PROVIDER
from tests.cloudaccounts.providers.aws.conftest import Cloud, make_target

ROLE = "arn:aws:iam::111122223333:role/cloud-accounts-reader"
KEY = "AKIAIOSFODNN7EXAMPLE"
TEMPORARY = "ASIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjE" * 10


def messages(form: forms.Form, field: str) -> str:
    assert not form.is_valid()
    return " ".join(str(message) for message in form.errors[field])


def role(text: str) -> CrossAccountRoleForm:
    return CrossAccountRoleForm({"role_arn": text})


def access(key: str = KEY, secret: str = SECRET, token: str = "") -> AccessKeysForm:
    return AccessKeysForm({"access_key_id": key, "secret_access_key": secret, "session_token": token})


@pytest.mark.parametrize(
    "arn",
    [
        ROLE,
        "arn:aws-us-gov:iam::111122223333:role/x",
        "arn:aws-cn:iam::111122223333:role/a/b/c/x",
        f"arn:aws:iam::111122223333:role/{'p' * 500}/{'n' * 64}",
        "arn:aws:iam::111122223333:role/odd+=,.@_-name",
    ],
)
def test_a_role_is_taken_as_it_is_and_trimmed(arn: str) -> None:
    form = role(f"  {arn}\n")
    assert form.is_valid()
    assert form.cleaned_data == {"role_arn": arn}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Paste the ARN of the role"),
        ("arn:aws:iam::111122223333:user/alice", "ARN of an IAM user"),
        ("arn:aws:iam::111122223333:group/x", "ARN of an IAM group"),
        ("arn:aws:iam::111122223333:policy/x", "ARN of a policy"),
        ("arn:aws:iam::111122223333:instance-profile/x", "instance profile"),
        ("arn:aws:iam::111122223333:root", "root user"),
        ("arn:aws:sts::111122223333:assumed-role/x/session", "session of a role"),
        ("arn:aws:s3:::bucket", "something in s3"),
        ("arn:aws-iso:iam::111122223333:role/x", "partition that is not supported"),
        ("cloud-accounts-reader", "role's name"),
        ("AROAIOSFODNN7EXAMPLE", "unique ID"),
        (f'"{ROLE}"', "quotation marks"),
        (f"{ROLE}\n{ROLE}", "more than one line"),
        ("arn:aws:iam::11112222333:role/x", "not a complete role ARN"),
        ("arn:aws:iam::111122223333:role/", "not a complete role ARN"),
        (f"arn:aws:iam::111122223333:role/{'n' * 65}", "not a complete role ARN"),
        ("arn:aws:iam::١١١١٢٢٢٢٣٣٣٣:role/x", "never uses here"),
        (f"{ROLE}\u200b", "never uses here"),
        ("arn:aws:iam::111122223333:role/\x00x", "Null characters"),
        ("arn:aws:iam::111122223333:role/aws-service-role/a.amazonaws.com/X", "belongs to AWS"),
        ("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/X", "belongs to AWS"),
        ("https://evil.com/", "not an ARN"),
        ("x" * 100_000, "too long"),
    ],
)
def test_each_slip_with_a_role_has_its_message(text: str, says: str) -> None:
    assert says in messages(role(text), "role_arn")


def test_long_term_and_temporary_keys_are_taken() -> None:
    form = access(f" {KEY} ", f"\t{SECRET}\n")
    assert form.is_valid()
    assert form.cleaned_data == {"access_key_id": KEY, "secret_access_key": SECRET, "session_token": ""}
    assert access(TEMPORARY, SECRET, TOKEN).is_valid()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Enter the access key ID"),
        (SECRET, "looks like a secret"),
        ("AROAIOSFODNN7EXAMPLE", "an IAM role"),
        ("AIDAIOSFODNN7EXAMPLE", "an IAM user"),
        ("AGPAIOSFODNN7EXAMPLE", "an IAM group"),
        (KEY.lower(), "capital letters"),
        (KEY[:-5], "has 20 characters; this has 15"),
        (f"'{KEY}'", "quotation marks"),
        (f"aws_access_key_id = {KEY}", "line of a configuration"),
        (f"export AWS_ACCESS_KEY_ID={KEY}", "line of a configuration"),
        (ROLE, "This is an ARN"),
        ("ＡＫＩＡIOSFODNN7EXAMPLE", "never uses here"),
        ("hello", "not an access key ID"),
    ],
)
def test_each_slip_with_a_key_id_has_its_message(text: str, says: str) -> None:
    assert says in messages(access(key=text), "access_key_id")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Enter the secret"),
        (KEY, "access key ID"),
        ("short", "too short"),
        (f"“{SECRET}”", "quotation marks"),
        (f"AWS_SECRET_ACCESS_KEY={SECRET}", "line of a configuration"),
        (f"{SECRET[:20]} {SECRET[20:]}", "not a secret access key"),
        ("s" * 5000, "too long"),
    ],
)
def test_each_slip_with_a_secret_has_its_message(text: str, says: str) -> None:
    told = messages(access(secret=text), "secret_access_key")
    assert says in told
    assert SECRET not in told


def test_a_token_must_fit_its_key() -> None:
    assert "work only with their session token" in messages(access(TEMPORARY), "session_token")
    assert "have no session token" in messages(access(KEY, SECRET, TOKEN), "session_token")
    assert "not a session token" in messages(access(TEMPORARY, SECRET, "two words"), "session_token")


def test_secrets_are_never_put_back_into_the_page() -> None:
    html = access("wrong", SECRET, TOKEN).as_p()
    assert SECRET not in html
    assert TOKEN not in html
    assert html.count('autocomplete="off"') == html.count('spellcheck="false"') == 3


def test_secret_fields_are_declared() -> None:
    for method in PROVIDER.methods:
        hidden = {
            name for name, field in method.form.base_fields.items() if isinstance(field.widget, forms.PasswordInput)
        }
        assert method.secret_fields == hidden


@pytest.mark.parametrize(
    ("account_id", "partition", "code"),
    [("999900001111", "aws", "role_account_mismatch"), ("111122223333", "aws-cn", "role_partition_mismatch")],
)
def test_a_role_must_fit_what_step_two_says(account_id: str, partition: str, code: str) -> None:
    with pytest.raises(ProviderError) as caught:
        PROVIDER.clean_credentials("cross_account_role", {"role_arn": ROLE}, account_id=account_id, partition=partition)
    assert caught.value.code == code


def test_what_the_api_sends_is_cleaned_as_what_the_page_sends() -> None:
    given_values = {"access_key_id": f" {KEY}", "secret_access_key": SECRET, "session_token": "", "extra": "x"}
    cleaned = PROVIDER.clean_credentials("access_keys", given_values, account_id="111122223333", partition="aws")
    assert dict(cleaned.values) == {"access_key_id": KEY, "secret_access_key": SECRET}
    with pytest.raises(ProviderError, match="method_unknown"):
        PROVIDER.clean_credentials("telepathy", {}, account_id="111122223333", partition="aws")


def test_what_is_shown_of_a_credential_cannot_be_used() -> None:
    facts = PROVIDER.describe(Credentials("access_keys", {"access_key_id": KEY, "secret_access_key": SECRET}))
    assert (facts.kind, facts.hint, facts.secretless) == ("Access key", "AKIA…MPLE", False)
    facts = PROVIDER.describe(Credentials("cross_account_role", {"role_arn": ROLE}))
    assert (facts.hint, facts.secretless) == (ROLE, True)


@pytest.mark.parametrize("text", ["111122223333", "1111-2222-3333", " 1111 2222 3333 ", "000000000001"])
def test_an_account_id_is_twelve_digits_however_it_is_grouped(text: str) -> None:
    assert clean_account_id(text) == text.strip().replace("-", "").replace(" ", "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("11112222333", "this has 11"),
        ("1111-2222 3333 44", "this has 14"),
        ("١١١١٢٢٢٢٣٣٣٣", "never uses here"),
        ("１１１１２２２２３３３３", "never uses here"),
        (ROLE, "account ID in it alone: 111122223333"),
        ("my-company", "an alias"),
        ("1111\n2222", "more than one line"),
    ],
)
def test_each_slip_with_an_account_id_has_its_message(text: str, says: str) -> None:
    with pytest.raises(ProviderError) as caught:
        clean_account_id(text)
    assert caught.value.code == "account_id_invalid"
    assert says in f"{caught.value.cause} {caught.value.remedy}"


def test_an_account_id_is_shown_in_groups() -> None:
    assert PROVIDER.format_account_id("111122223333") == "1111-2222-3333"


T = TypeVar("T")


def or_code(clean: Callable[[str], T], text: str) -> T | str:
    try:
        return clean(text)
    except ProviderError as error:
        return error.code


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="0123456789-١２ \n", max_size=20),
    st.from_regex(r"arn:aws[a-z-]{0,8}:iam:[a-z.@/#:]{0,9}:[0-9]{11,13}:role/[ -~]{0,20}", fullmatch=True),
)


@given(HOSTILE)
def test_an_account_id_is_canonical_or_refused(text: str) -> None:
    cleaned = or_code(clean_account_id, text)
    assert cleaned == "account_id_invalid" or (len(cleaned) == 12 and set(cleaned) <= set(string.digits))


@given(HOSTILE)
def test_a_role_arn_is_sound_or_refused(text: str) -> None:
    parsed = or_code(parse_role_arn, text)
    if isinstance(parsed, str):
        assert parsed == "role_arn_invalid"
    else:
        assert parsed.arn == text.strip()
        assert parsed.arn.isascii()
        assert parsed.arn == f"arn:{parsed.partition}:iam::{parsed.account_id}:role{parsed.path}{parsed.name}"


@given(HOSTILE, HOSTILE, HOSTILE)
def test_hostile_keys_leave_the_form_clean_or_not_at_all(key: str, secret: str, token: str) -> None:
    form = access(key, secret, token)
    if form.is_valid():
        for value in form.cleaned_data.values():
            assert value.isascii()
            assert not set(value) & set("\r\n\0 ")


def test_nothing_hostile_moves_a_host(cloud: Cloud) -> None:
    """Even past the forms: a credential is data, and only the tables decide whom we ask."""
    for hostile in ("evil.com/", "x@evil.com#", "http://evil.com/?"):
        credentials = Credentials("access_keys", {"access_key_id": hostile, "secret_access_key": hostile})
        cloud.validate(credentials)
        arn = Credentials("cross_account_role", {"role_arn": f"arn:aws:iam::{hostile}:role/x"})
        cloud.validate(arn)
        with pytest.raises(ProviderError):
            PROVIDER.open_session(credentials, make_target(regions=(hostile,)))
    assert {item["host"] for item in cloud.control.hosts()} == {"sts.us-east-1.amazonaws.com"}
    assert cloud.control.refused_hosts() == []


@pytest.mark.parametrize("field", ["access_key_id", "secret_access_key"])
@pytest.mark.parametrize(
    "pasted",
    [
        f"Access key ID,Secret access key\r\n{KEY},{SECRET}\r\n",
        f"\ufeffAccess key ID,Secret access key{KEY},{SECRET}",  # as a browser pastes it into a single line
        f'User name,Password,Access key ID,Secret access key,Console login link\nreader,,{KEY},{SECRET},"https://x"',
        f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n",
    ],
)
def test_a_key_file_that_is_pasted_whole_is_split_into_its_fields(field: str, pasted: str) -> None:
    form = AccessKeysForm({field: pasted})
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"access_key_id": KEY, "secret_access_key": SECRET, "session_token": ""}


@pytest.mark.parametrize("pasted", [f"{KEY},{SECRET}A", f"{KEY[:-1]},{SECRET}", KEY, f"{KEY} {SECRET}", "x" * 100_000])
def test_what_is_no_key_file_is_not_split(pasted: str) -> None:
    assert not AccessKeysForm({"access_key_id": pasted}).is_valid()
