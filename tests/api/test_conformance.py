"""Whether the API keeps to its OpenAPI description, whatever it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.errors import InvalidSchema
from schemathesis.core.result import Err, Result
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from cloudaccounts.models import CloudAccount
from config.api.assembly import description
from scans.models import ScanRun
from tests.api.conftest import Caller
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]
Operation = APIOperation[Any, Any, Any, Any]


@pytest.fixture
def records(alice: User, make_account: MakeAccount) -> dict[str, str]:
    account = make_account(alice)
    return {"account_id": str(account.pk), "run_id": str(ScanRun.objects.get().run_id)}


DESCRIBED = schemathesis.openapi.from_dict(description())
DESCRIBED.app = get_wsgi_application()  # called as a server calls it


def _described(result: Result[Operation, InvalidSchema]) -> Operation:
    if isinstance(result, Err):
        raise result.err()  # an operation whose description is none
    return result.ok()


OPERATIONS = [_described(result) for result in DESCRIBED.get_all_operations()]


@cache
def feedback() -> FeedbackSources:
    return FeedbackSources(constants_value_source=make_constants_value_source(DESCRIBED))


@pytest.fixture
def within_the_transaction() -> Iterator[None]:
    """A server gives its connections back after each call; a test has its rows in them."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("within_the_transaction")
@pytest.mark.parametrize("operation", OPERATIONS, ids=attrgetter("label"))
def test_it_keeps_to_its_description_whatever_it_is_sent(
    operation: Operation, alice_calls: Caller, records: dict[str, str]
) -> None:
    """As schemathesis' own plugin tests an operation. It builds them all, with all their cases, as pytest collects:
    seconds in each process of the suite, most of which run none of them.
    """
    load_all_checks()
    test: Callable[..., None] = build_operation_test(
        config=DESCRIBED.config, operation=operation, test_func=_keeps_to_it, given_kwargs={}, feedback=feedback()
    )
    test(alice_calls=alice_calls, records=records)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def _keeps_to_it(case: schemathesis.Case[Any], alice_calls: Caller, records: dict[str, str]) -> None:
    """Half of the calls are about records that are there."""
    if case.path_parameters and len(json.dumps(case.query, default=str)) % 2 == 0:
        case.path_parameters = {name: records.get(name, value) for name, value in case.path_parameters.items()}
    case.call_and_validate(headers={"Authorization": f"Bearer {alice_calls.text}"}, checks=CHECKS)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
NESTED = st.lists(SCALARS, max_size=4) | st.dictionaries(st.text(max_size=12), SCALARS, max_size=4)
JSON = SCALARS | NESTED | st.lists(NESTED, max_size=2) | st.dictionaries(st.text(max_size=12), NESTED, max_size=2)
FIELDS = ["provider", "account_id", "name", "environment", "regions", "auth_method", "credentials", "group", "cloud"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=4), credentials=JSON)
def test_no_body_breaks_it(
    alice_calls: Caller, toybox: dict[str, Any], changes: dict[str, Any], credentials: Any
) -> None:
    for body in ({**toybox, **changes}, {**toybox, "credentials": {"token": credentials}}):
        answer = alice_calls.post("cloud-accounts/validate", body)
        assert answer.status_code in {200, 400, 422, 429}, answer.content
        assert answer.status_code == 200 or {"code", "message"} <= set(answer.json())
