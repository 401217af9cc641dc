"""The frameworks as data: each file is well formed, and names rules that a provider has."""

from __future__ import annotations

import re

import pytest

from cloudaccounts import registry
from scans.compliance.catalogue import FOLDER, FrameworkError, citations_of, find_framework, frameworks, read_framework
from scans.compliance.schema import Framework
from scans.findings.checks import all_checks

SLUGS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
HEAD = """
slug: toy_1.0
title: Toy benchmark
short: Toy 1.0
version: "1.0"
source: https://toys.example/
sections:
  - {id: "1", title: Toys}
  - {id: "1.2", title: Wooden toys}
"""
CONTROL = '  - {id: "1.1", title: Toys are painted, assessment: automated}\n'


def parse(controls: str = CONTROL, head: str = HEAD) -> Framework:
    return read_framework(f"{head}controls:\n{controls}", "toy_1.0")


@pytest.mark.parametrize("slug", SLUGS)
def test_each_rule_is_one_that_a_provider_has(slug: str) -> None:
    framework, known = frameworks()[slug], {check.id for check in all_checks()}
    strangers = {rule for control in framework.controls for rule in control.rules} - known
    assert strangers == set()


@pytest.mark.parametrize("slug", SLUGS)
def test_the_rules_of_a_benchmark_are_of_its_own_cloud(slug: str) -> None:
    framework = frameworks()[slug]
    if framework.provider:
        own = {check.id for check in registry.get(framework.provider).posture_checks()}
        assert {rule for control in framework.controls for rule in control.rules} - own == set()


@pytest.mark.parametrize("slug", SLUGS)
def test_the_slug_carries_the_version(slug: str) -> None:
    assert frameworks()[slug].version.startswith(slug.rpartition("_")[2])


@pytest.mark.parametrize("slug", SLUGS)
def test_controls_stand_in_the_order_of_their_sections(slug: str) -> None:
    framework = frameworks()[slug]
    places = [framework.sections.index(framework.section_of(control)) for control in framework.controls]
    tops = [re.split(r"[.(]", framework.sections[place].id)[0] for place in places]
    assert tops == sorted(tops, key=tops.index)


def test_benchmarks_are_cited_by_the_frameworks_alone() -> None:
    """A number that stands in two places is right in one of them, sooner or later."""
    assert [check.id for check in all_checks() if any("CIS" in one.source for one in check.references)] == []


def test_a_check_knows_the_controls_that_it_is_evidence_for() -> None:
    cited = {(one.framework.slug, one.control.id) for one in citations_of("aws_iam_root_mfa")}
    assert ("cis_aws_5.0", "1.4") in cited
    assert citations_of("aws_never_heard_of") == ()


def test_a_crosswalk_names_no_rule_that_sees_something_else() -> None:
    """What lets traffic in says nothing of what goes out, nor of accounts; what expires is not what is listed."""
    pci = {control.id: control for control in frameworks()["pci_dss_4.0"].controls}
    inbound = {"azure_storage_network_open", "azure_storage_trusted_services", "azure_subnet_without_nsg"}
    inbound |= {"gcp_vm_public_address", "gcp_sql_public_address", "gcp_default_network"}
    assert inbound <= set(pci["1.3.1"].rules)
    for outside in ("1.3.2", "2.2.2"):
        assert not inbound & set(pci[outside].rules)
    # No check sees all that goes out: passing is not the whole answer.
    assert pci["1.3.2"].partial
    assert (pci["4.2.1.1"].assessment, pci["4.2.1.1"].rules) == ("manual", ())
    assert "aws_acm_certificate_expiry" in pci["4.2.1"].rules
    assert pci["8.3.7"].rules == ("aws_iam_password_reuse",)


def test_a_framework_that_nobody_has_is_none() -> None:
    assert find_framework("cis_aws_0.1") is None


def test_a_control_is_in_the_section_with_the_longest_number_that_it_begins_with() -> None:
    framework = parse('  - {id: "1.2.10", title: Toys are sanded, assessment: manual}\n')
    assert framework.section_of(framework.controls[0]).id == "1.2"


def test_a_control_may_name_its_section() -> None:
    framework = parse('  - {id: T-7, title: Toys are sanded, assessment: manual, section: "1"}\n')
    assert framework.section_of(framework.controls[0]).id == "1"


@pytest.mark.parametrize(
    ("controls", "fault"),
    [
        ('  - {id: "1.1", title: Toys are painted}\n', "assessment"),
        ('  - {id: "1.1", title: Toys are painted, assessment: guessed}\n', "assessment"),
        ('  - {id: "1.1", title: Toys are painted, assessment: manual, colour: red}\n', "colour"),
        ("  - {id: 1.10, title: Toys are painted, assessment: manual}\n", "id"),
        (CONTROL + CONTROL, "twice"),
        ('  - {id: "1.1", title: Toys are painted, assessment: automated, rules: [a, a]}\n', "twice"),
        ('  - {id: "1.1", title: Toys are painted, assessment: automated, partial: Half.}\n', "partial"),
        ('  - {id: "2.1", title: Toys are painted, assessment: manual}\n', "no section"),
        ('  - {id: "1.1", title: Toys are painted, assessment: manual, rules: [not a rule]}\n', "rules"),
        ("  - {id: : :}\n", "YAML"),
        ("  []\n", "controls"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_what_is_wrong(controls: str, fault: str) -> None:
    with pytest.raises(FrameworkError, match=fault):
        parse(controls)


def test_a_file_is_named_as_its_slug() -> None:
    with pytest.raises(FrameworkError, match="named otherwise"):
        read_framework(f"{HEAD}controls:\n{CONTROL}", "toy_2.0")
