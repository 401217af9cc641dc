"""The product's core, which `.ci/run` runs with both isolated databases on MongoDB; prints its files, one a line."""

from __future__ import annotations

CORE = (
    "tests/mongodb",  # what pages ask: no joins, and indexes
    "tests/cloudaccounts/lifecycle/test_adding.py",
    "tests/cloudaccounts/credentials/test_vault.py",
    "tests/cloudaccounts/credentials/test_reencryption.py",
    "tests/cloudaccounts/health/test_connection_checks.py",
    "tests/cloudaccounts/health/heartbeats",
    "tests/cloudaccounts/jobs/test_runner.py",
    "tests/cloudaccounts/groups/test_services.py",
    "tests/cloudaccounts/rotation",
    "tests/cloudaccounts/accounts/test_rate_limits.py",
    "tests/cloudaccounts/admin/test_accounts.py",
    "tests/architecture/test_roles.py",  # the walk of every page and call as each role
    "tests/teams",
    "tests/scoping",
    "tests/wizard/drafts/test_drafts.py",
    "tests/wizard/drafts/test_completion.py",
    "tests/scans/runs/test_endings.py",
    "tests/scans/runs/test_execution.py",
    "tests/scans/runs/test_scheduling.py",
    "tests/scans/compliance/test_account_totals.py",
    "tests/scans/findings/test_writer.py",
    "tests/scans/findings/test_views.py",
    "tests/config/test_health.py",
    "tests/config/site/test_lockout.py",  # which reads its driver's log lines
    "tests/api/test_onboarding.py",
    "tests/api/test_parallel.py",
    "tests/journeys/test_onboarding.py",
    "tests/journeys/test_findings.py",
    "tests/journeys/test_links.py",
)

if __name__ == "__main__":
    print("\n".join(CORE))  # noqa: T201  # for the shell
