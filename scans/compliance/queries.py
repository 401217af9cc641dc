"""Reports on frameworks: everything is of one owner, and each takes a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from cloudaccounts import registry
from scans.compliance.adjustments import Adjustment, adjustments_of
from scans.compliance.evaluation import ControlResult, evaluate_framework, totals
from scans.compliance.facts import Facts, read_facts
from scans.compliance.models import ControlAnswer
from scans.compliance.schema import Control, Framework
from scans.compliance.scope import ReportScope
from teams.names import name_order


@dataclass(frozen=True, slots=True)
class Report:
    """A framework over a scope. ``facts`` hold what it rests on, ``adjusted`` what the team set for checks, by id."""

    framework: Framework
    facts: Facts
    results: list[ControlResult]
    adjusted: Mapping[str, tuple[Adjustment, ...]] = field(default_factory=dict)

    @property
    def totals(self) -> dict[str, int]:
        return totals(self.results)

    @property
    def accounts(self) -> int:
        """How many accounts in scope it is about."""
        scope = self.facts.scope
        if scope.sizes is not None:
            cloud = self.framework.provider
            return scope.sizes.get(cloud, 0) if cloud else sum(scope.sizes.values())
        mask = scope.by_provider.get(self.framework.provider, 0) if self.framework.provider else scope.everybody
        return mask.bit_count()

    def adjustments_of(self, control: Control) -> tuple[Adjustment, ...]:
        """What the team set for the checks of a control, otherwise than they come."""
        return tuple(each for rule in control.rules for each in self.adjusted.get(rule, ()))

    @property
    def adjustments(self) -> list[tuple[Adjustment, list[str]]]:
        """Each that bears on a control of this framework, with the ids of those controls; looser ones first."""
        controls_of: dict[Adjustment, list[str]] = {}
        for control in self.framework.controls:
            for each in self.adjustments_of(control):
                controls_of.setdefault(each, []).append(control.id)
        return sorted(controls_of.items(), key=lambda pair: (not pair[0].looser, name_order(pair[0].title)))

    def result_of(self, control: str) -> ControlResult | None:
        return next((result for result in self.results if result.control.id == control), None)


def report_on(framework: Framework, scope: ReportScope) -> Report:
    """Seven queries beside those of the scope."""
    return reports_on([framework], scope)[0]


def reports_on(chosen: Iterable[Framework], scope: ReportScope) -> list[Report]:
    """As many queries for all of them as for one."""
    chosen = list(chosen)
    providers = rule_providers(chosen)
    return evaluated(chosen, read_facts(scope, providers), providers)


def evaluated(chosen: Sequence[Framework], facts: Facts, providers: Mapping[str, str]) -> list[Report]:
    """Reports on these frameworks by what is known of their checks. Three queries."""
    now, owner = timezone.now(), facts.scope.owner
    answers = answers_of(owner, [framework.slug for framework in chosen])
    adjusted = adjustments_of(owner, providers)
    return [
        Report(
            framework,
            facts,
            evaluate_framework(framework, facts, answers.get(framework.slug, {}), providers, now),
            adjusted,
        )
        for framework in chosen
    ]


def answers_of(owner: str, slugs: Iterable[str]) -> dict[str, dict[str, ControlAnswer]]:
    """By framework and control; those that have ended are among them."""
    # Ended ones are not filtered out: the control then says whose answer ended, and when.
    answers: dict[str, dict[str, ControlAnswer]] = {}
    for row in ControlAnswer.objects.filter(owner=owner, framework__in=list(slugs)):
        answers.setdefault(row.framework, {})[row.control] = row
    return answers


def rule_providers(chosen: Iterable[Framework]) -> Mapping[str, str]:
    """The cloud of each check that these frameworks name; empty for one that no provider has (any more)."""
    known = {check.id: spec.key for spec in registry.all_providers() for check in spec.posture_checks()}
    return {rule: known.get(rule, "") for rule in rules_named_by(chosen)}


def rules_named_by(chosen: Iterable[Framework]) -> list[str]:
    """Each check id that any of them names, once."""
    return list(dict.fromkeys(rule for framework in chosen for control in framework.controls for rule in control.rules))
