"""The modules that have work for jobs. `cloudaccounts.jobs.handlers.discover` loads this module of each app."""

from scans.findings import bulk as findings_bulk
from scans.findings import group_export
from scans.findings import recheck as findings_recheck
from scans.muting import jobs as muting_jobs
from scans.runs import bulk as runs_bulk

__all__ = ["findings_bulk", "findings_recheck", "group_export", "muting_jobs", "runs_bulk"]
