"""The sections of the registry as code. `cloudaccounts.declared.sections` loads this module of each app."""

from cloudaccounts.declared import accounts, channels, groups, organizations

__all__ = ["accounts", "channels", "groups", "organizations"]
