"""Whether the organization lets a next key be made: asked where that is possible, and never a refusal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudaccounts.contract.identity import Credentials
from cloudaccounts.contract.report import CheckStatus
from cloudaccounts.providers.gcp.check_results import is_enforced
from cloudaccounts.providers.gcp.permissions import KEY_CONSTRAINTS, ROLES
from tests.cloudaccounts.providers.gcp.conftest import Cloud, check

READER = [*ROLES, "roles/orgpolicy.policyViewer"]


@pytest.fixture
def readable(cloud: Cloud) -> Credentials:
    cloud.admin.set_api(cloud.project, "orgpolicy.googleapis.com", True)
    return cloud.key(roles=READER)


def test_a_key_that_can_be_followed_by_another_passes(cloud: Cloud, readable: Credentials) -> None:
    told = check(cloud.validate(readable), "key_policy")
    assert told.status == CheckStatus.PASSED
    assert len(cloud.calls("projects.policies.getEffectivePolicy")) == len(KEY_CONSTRAINTS)


@pytest.mark.parametrize("constraint", KEY_CONSTRAINTS)
def test_a_policy_that_forbids_new_keys_is_a_warning_with_its_remedy(
    cloud: Cloud, readable: Credentials, constraint: str
) -> None:
    cloud.admin.set_policy(cloud.project, constraint, True)
    report = cloud.validate(readable)
    assert report.ok
    told = check(report, "key_policy")
    assert (told.status, told.code) == (CheckStatus.WARNING, "key_creation_forbidden")
    assert constraint in told.cause
    assert "impersonation" in told.remedy
    assert f"gcloud org-policies describe {constraint} --project={cloud.project} --effective" in told.remedy


def test_where_the_api_is_off_nothing_is_asked_and_the_command_told(cloud: Cloud) -> None:
    report = cloud.validate(cloud.key(roles=READER))
    assert report.ok
    told = check(report, "key_policy")
    assert (told.status, told.code) == (CheckStatus.SKIPPED, "api_disabled")
    assert f"gcloud services enable orgpolicy.googleapis.com --project={cloud.project}" in told.remedy
    assert cloud.calls("projects.policies.getEffectivePolicy") == []


def test_where_policies_may_not_be_read_it_says_which_role_would(cloud: Cloud) -> None:
    cloud.admin.set_api(cloud.project, "orgpolicy.googleapis.com", True)
    report = cloud.validate(cloud.key())
    assert report.ok
    told = check(report, "key_policy")
    assert (told.status, told.code) == (CheckStatus.SKIPPED, "permission_denied")
    assert "orgpolicy.policy.get" in told.cause
    assert "roles/orgpolicy.policyViewer" in told.remedy


@pytest.mark.parametrize("fault", [{"kind": "error", "status": 503}, {"kind": "throttle"}, {"kind": "unreachable"}])
def test_no_failure_of_the_question_is_a_refusal(cloud: Cloud, readable: Credentials, fault: dict[str, Any]) -> None:
    cloud.control.fault(**fault, host="orgpolicy.googleapis.com")
    report = cloud.validate(readable)
    assert report.ok
    assert check(report, "key_policy").status == CheckStatus.SKIPPED


def test_without_service_usage_the_policies_are_asked_all_the_same(cloud: Cloud, readable: Credentials) -> None:
    cloud.control.fault("deny", permission="serviceusage.services.get")
    cloud.admin.set_policy(cloud.project, KEY_CONSTRAINTS[0], True)
    assert check(cloud.validate(readable), "key_policy").code == "key_creation_forbidden"


def test_methods_without_a_key_are_not_asked(cloud: Cloud) -> None:
    for credentials in (cloud.impersonation(), cloud.workload()):
        assert "key_policy" not in {item.name for item in cloud.validate(credentials).checks}


anything = st.recursive(
    st.none() | st.booleans() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["rules", "enforce", "x"]), inner),
)


@given(st.dictionaries(st.sampled_from(["spec", "name"]), anything))
def test_odd_policies_never_raise(policy: dict[str, Any]) -> None:
    assert is_enforced(policy) in (True, False)
