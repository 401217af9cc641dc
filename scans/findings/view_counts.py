"""How many findings each view of the list has, for its tabs: a query for all views of one state, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from cloudaccounts.accounts.visibility import within
from cloudaccounts.group_scope import inside
from cloudaccounts.groups import queries as group_queries
from scans.compliance.catalogue import frameworks
from scans.compliance.own.catalogue import own_frameworks
from scans.findings.filters import OPEN, FindingFilter, combined, conditions, states
from scans.models import Finding
from teams.scope import Scope

MOST = 40  # views: a nav with more tabs is read by nobody


def view_counts(scope: Scope, views: Sequence[FindingFilter], *, now: datetime | None = None) -> list[int | None]:
    """In the order of ``views``; None for what is searched for, and beyond `MOST`.

    Queries for what views name (groups, own frameworks, and one for each of their tags), and one for all views of the
    same states; views by due
    day are counted apart, since it is in no index of the list.
    """
    counts: list[int | None] = [None] * len(views)
    together: dict[tuple[tuple[str, ...], bool], list[int]] = {}
    for number, view in enumerate(views[:MOST]):
        if not (view.q or view.run or view.mute_rule):
            key = (tuple(sorted(view.status or (OPEN,))), bool(view.due))
            together.setdefault(key, []).append(number)
    nested, rules = _nested(scope, views), _rules(scope.owner, views)
    now = now or timezone.now()
    for (status, by_due), numbers in together.items():
        rows = within(Finding.objects.all(), scope).filter(states(status)).order_by()
        if by_due:
            rows = rows.filter(due__lt=now.date())
        found = rows.aggregate(
            **{
                # A column of the index and no `*`: MongoDB counts a condition by its values.
                f"view_{number}": Count("severity_rank", filter=_condition(scope, views[number], nested, rules, now))
                for number in numbers
            }
        )
        for number in numbers:
            counts[number] = found[f"view_{number}"]
    return counts


def _condition(
    scope: Scope, view: FindingFilter, nested: dict[UUID, set[UUID]], rules: dict[str, set[str]], now: datetime
) -> Q:
    condition = combined(conditions(scope, replace(view, group=(), control=()), now=now), without=("status",))
    if view.group:
        keys = {key for group in view.group for key in nested.get(group, ())}
        condition &= inside(list(keys), field="account") if keys else Q(pk__in=[])
    if view.control:
        condition &= Q(check_id__in=sorted({rule for control in view.control for rule in rules.get(control, ())}))
    # Without a filter it has all of its state: a condition that each row fulfils, for an aggregate needs one.
    return condition or Q(severity_rank__gte=0)


def _nested(scope: Scope, views: Sequence[FindingFilter]) -> dict[UUID, set[UUID]]:
    """The groups that views name, as far as they are shown, each with those nested in it. One query for all."""
    groups = {group for view in views for group in view.group}
    if not groups:
        return {}
    parents = {branch.group.pk: branch.group.parent for branch in group_queries.tree(scope)}
    nested: dict[UUID, set[UUID]] = {key: {key} for key in groups & parents.keys()}
    for key in parents:
        above: UUID | None = key
        seen: set[UUID] = set()
        # Two moves at the same moment can close a circle for an instant.
        while above is not None and above not in seen:
            seen.add(above)
            if above in nested:
                nested[above].add(key)
            above = parents.get(above)
    return nested


def _rules(owner: str, views: Sequence[FindingFilter]) -> dict[str, set[str]]:
    """The checks of each control that views name. One query for all own frameworks."""
    named = {control for view in views for control in view.control}
    own = own_frameworks(owner, sorted({control.partition(":")[0] for control in named})) if named else {}
    rules: dict[str, set[str]] = {}
    for text in named:
        slug, _, control_id = text.partition(":")
        framework = own.get(slug) or frameworks().get(slug)
        for control in framework.controls if framework else ():
            if control.id == control_id:
                rules.setdefault(text, set()).update(control.rules)
    return rules
