"""The modules that have work for jobs. `cloudaccounts.jobs.runner.discover` loads this module of each app."""

from scans.runs import bulk

__all__ = ["bulk"]
