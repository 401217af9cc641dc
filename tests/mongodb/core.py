"""The product's core, which `.ci/run` runs with both isolated databases on MongoDB; prints its files, one a line."""

from __future__ import annotations

CORE = (
    "tests/mongodb",  # what pages ask: no joins, and indexes
    "tests/cloudaccounts/test_add_cloud_account.py",
    "tests/cloudaccounts/test_vault.py",
    "tests/cloudaccounts/test_reencryption.py",
    "tests/cloudaccounts/test_checks.py",
    "tests/cloudaccounts/heartbeats",
    "tests/cloudaccounts/test_jobs.py",
    "tests/cloudaccounts/test_groups.py",
    "tests/cloudaccounts/rotation",
    "tests/cloudaccounts/test_rates.py",
    "tests/cloudaccounts/test_admin.py",
    "tests/wizard/test_drafts.py",
    "tests/wizard/test_finishing.py",
    "tests/scans/test_running.py",
    "tests/scans/test_scheduling.py",
    "tests/scans/test_findings.py",
    "tests/scans/test_views_findings.py",
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
