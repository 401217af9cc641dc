"""The modules that have work for jobs. `services.jobs.discover` loads this module of each app."""

from cloudaccounts.services import fleet
from cloudaccounts.services.organizations import members

__all__ = ["fleet", "members"]
