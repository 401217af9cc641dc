"""Reports on frameworks: everything is of one owner, and each takes a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from cloudaccounts import registry
from scans.compliance.catalogue import named_rules
from scans.compliance.evaluation import ControlResult, evaluate_framework, totals
from scans.compliance.facts import Facts, read_facts
from scans.compliance.models import ControlAnswer
from scans.compliance.schema import Framework
from scans.compliance.scope import Scope


@dataclass(frozen=True, slots=True)
class Report:
    """A framework over a scope. ``facts`` hold what it rests on."""

    framework: Framework
    facts: Facts
    results: list[ControlResult]

    @property
    def totals(self) -> dict[str, int]:
        return totals(self.results)

    @property
    def accounts(self) -> int:
        """How many accounts in scope it is about."""
        scope = self.facts.scope
        mask = scope.by_provider.get(self.framework.provider, 0) if self.framework.provider else scope.everybody
        return mask.bit_count()

    def result_of(self, control: str) -> ControlResult | None:
        return next((result for result in self.results if result.control.id == control), None)


def report_on(framework: Framework, scope: Scope) -> Report:
    """Six queries beside those of the scope."""
    return reports_on([framework], scope)[0]


def reports_on(chosen: Iterable[Framework], scope: Scope) -> list[Report]:
    """As many queries for all of them as for one."""
    chosen = list(chosen)
    now, providers = timezone.now(), rule_providers()
    asked = {rule for framework in chosen for control in framework.controls for rule in control.rules}
    facts = read_facts(scope, {rule: providers.get(rule, "") for rule in asked})
    answers = answers_of(scope.owner, [framework.slug for framework in chosen])
    return [
        Report(framework, facts, evaluate_framework(framework, facts, answers.get(framework.slug, {}), providers, now))
        for framework in chosen
    ]


def answers_of(owner: str, slugs: Iterable[str]) -> dict[str, dict[str, ControlAnswer]]:
    """By framework and control; those that have ended are among them."""
    # Ended ones are not filtered out: the control then says whose answer ended, and when.
    answers: dict[str, dict[str, ControlAnswer]] = {}
    for row in ControlAnswer.objects.filter(owner=owner, framework__in=list(slugs)):
        answers.setdefault(row.framework, {})[row.control] = row
    return answers


def rule_providers() -> Mapping[str, str]:
    """The cloud of each check that a framework names; empty for one that no provider has (a test forbids it)."""
    known = {check.id: spec.key for spec in registry.all_providers() for check in spec.posture_checks()}
    return {rule: known.get(rule, "") for rule in named_rules()}
