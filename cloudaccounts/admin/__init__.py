"""For operators: all owners' accounts. No secret is anywhere; changes go through the services that pages use."""

from cloudaccounts.admin import accounts, groups, people, records

__all__ = ["accounts", "groups", "people", "records"]
