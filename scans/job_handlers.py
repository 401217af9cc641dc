"""The modules that have work for jobs. `cloudaccounts.jobs.runner.discover` loads this module of each app."""

from scans.services import fleet

__all__ = ["fleet"]
