"""The checks that say something of all regions are those that the benchmarks' controls about all regions rest on."""

from __future__ import annotations

from cloudaccounts import registry
from scans.compliance.catalogue import frameworks

GLOBAL = {"aws_cloudtrail_all_regions"}  # one trail of all regions is listed in each of them


def test_each_control_of_all_regions_rests_on_such_checks() -> None:
    flagged = {
        check.id for provider in registry.all_providers() for check in provider.posture_checks() if check.every_region
    }
    named = {
        rule
        for framework in frameworks().values()
        for control in framework.controls
        if control.all_regions
        for rule in control.rules
    }
    assert named
    assert named - GLOBAL <= flagged
