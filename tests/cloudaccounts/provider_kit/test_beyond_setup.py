"""By the code alone a page knows whether a set-up in the cloud is any remedy."""

from __future__ import annotations

from importlib import import_module

import pytest

from cloudaccounts.contract.errors import is_beyond_setup
from cloudaccounts.provider_kit.error_messages import ErrorMessage

# Not permanent, and yet for a person to look at: a server's own identity, a session that has to be opened anew, and
# what may be missing for good.
LOOKED_AT = {"server_identity_invalid", "session_ended", "token_refused", "not_found"}


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_what_is_not_permanent_needs_no_set_up(cloud: str) -> None:
    module = import_module(f"cloudaccounts.providers.{cloud}.error_messages")
    found: list[ErrorMessage] = []
    for value in vars(module).values():
        values = value.values() if isinstance(value, dict) else [value]
        found.extend(one for one in values if isinstance(one, ErrorMessage))
    assert len(found) > 10
    assert not [
        one.code for one in found if not one.permanent and not is_beyond_setup(one.code) and one.code not in LOOKED_AT
    ]
    # What a server does not trust is for its operator.
    assert {one.code for one in found if one.permanent and is_beyond_setup(one.code)} <= {"tls_failed"}


@pytest.mark.parametrize("code", ["access_denied", "role_not_assumable", "account_exists", ""])
def test_what_a_person_mends_does_not(code: str) -> None:
    assert not is_beyond_setup(code)
