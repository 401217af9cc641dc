"""The sections of the registry as code that are about scans (`cloudaccounts.declared.sections`)."""

from scans.compliance.own import declared as frameworks
from scans.muting import declared as mute_rules
from scans.muting import declared_switches as switched_off_checks
from scans.runs import declared as schedules

__all__ = ["frameworks", "mute_rules", "schedules", "switched_off_checks"]
