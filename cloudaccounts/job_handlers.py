"""The modules that have work for jobs. `cloudaccounts.jobs.runner.discover` loads this module of each app."""

from cloudaccounts.bulk import actions
from cloudaccounts.organizations import members

__all__ = ["actions", "members"]
