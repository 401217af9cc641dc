"""The modules that have work for jobs. `cloudaccounts.jobs.handlers.discover` loads this module of each app."""

from cloudaccounts.bulk import actions, transfer_offers
from cloudaccounts.channels import trials
from cloudaccounts.declared import applying
from cloudaccounts.imports import uploads
from cloudaccounts.organizations import members, sync_jobs

__all__ = ["actions", "applying", "members", "sync_jobs", "transfer_offers", "trials", "uploads"]
