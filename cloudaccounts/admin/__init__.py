"""For operators: all owners' accounts. No secret is anywhere; changes go through the services that pages use."""

from cloudaccounts.admin import accounts, groups, organizations, people, records

__all__ = ["accounts", "groups", "organizations", "people", "records"]
