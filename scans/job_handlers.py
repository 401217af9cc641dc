"""The modules that have work for jobs. `cloudaccounts.services.jobs.discover` loads this module of each app."""

from scans.services import fleet

__all__ = ["fleet"]
