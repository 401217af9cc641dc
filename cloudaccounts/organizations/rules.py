"""Rules of an organization: what the members of a unit become, and which of them are onboarded without being asked for.

A rule is ``{under, environment, groups, regions, auto}``. The one of the nearest unit counts, whole: nothing is put
together of several. A unit is named by its node id, the root also by the word ``root``, so that rules can be written
before the first sync.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cloudaccounts.accounts.details import (
    ALL_REGIONS,
    AccountDetails,
    clean_details,
    split_regions,
)
from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.errors import InputError
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.groups.services import find_groups
from cloudaccounts.models import AccountGroup, CloudAccount, Organization, OrganizationMember
from cloudaccounts.models.organization import MemberKind, MemberState, ProviderState
from cloudaccounts.storable import clean_identifier
from cloudaccounts.work.databases import SECURITY
from teams.scope import Scope

ROOT = "root"
MOST_RULES = 200
MOST_GROUPS = 20
SHOWN = 200  # members of a dry run
FIELDS = ("under", "environment", "groups", "regions", "auto")
# A role that a StackSet makes in a new account may be minutes away, so what failed is tried again at each sync of the
# first day; afterwards once a day, since each try asks the cloud for nothing new.
RETRY_FAILED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """``regions`` is ``all`` or the names. ``groups`` are ids of the owner's groups; one that is gone adds nothing."""

    under: str
    environment: str
    groups: tuple[UUID, ...] = ()
    regions: str | tuple[str, ...] = ALL_REGIONS
    auto: bool = False

    def to_dict(self) -> dict[str, Any]:
        regions = self.regions if isinstance(self.regions, str) else list(self.regions)
        return {
            "under": self.under, "environment": self.environment, "groups": [str(group) for group in self.groups],
            "regions": regions, "auto": self.auto,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rule:
        """Of a stored row."""
        regions = data.get("regions", ALL_REGIONS)
        return cls(
            under=str(data["under"]),
            environment=str(data["environment"]),
            groups=tuple(UUID(group) for group in data.get("groups", ())),
            regions=regions if isinstance(regions, str) else tuple(regions),
            auto=bool(data.get("auto")),
        )


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a rule says of one member. Without a rule it waits for a person."""

    member: OrganizationMember
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What the next sync would do with the members that are not onboarded: numbers, and the first `SHOWN` of them."""

    automatic: int = 0
    waiting: int = 0  # a rule says what they become, and a person starts it
    without_rule: int = 0
    shown: tuple[Proposal, ...] = ()


class RuleBook:
    """The rules of an organization over the tree of its last sync. Two queries at most, whatever the size."""

    def __init__(self, organization: Organization, rules: Iterable[Rule] | None = None) -> None:
        self._organization = organization
        chosen = rules_of(organization) if rules is None else rules
        self._rules = {rule.under: rule for rule in chosen}
        if organization.root_id and ROOT in self._rules:
            # The id itself wins where both are there; `read_rules` refuses that, and a root may change its id.
            self._rules.setdefault(organization.root_id, self._rules[ROOT])
        rows = OrganizationMember.objects.filter(organization=organization.pk, kind=MemberKind.CONTAINER)
        self._parents = dict(rows.values_list("node_id", "parent_id")) if self._rules else {}

    def rule_for(self, unit: str) -> Rule | None:
        """The rule of this unit or of the nearest above it."""
        seen: set[str] = set()
        # A tree that changed while it was read may hold a circle for a while.
        while unit and unit not in seen:
            if unit in self._rules:
                return self._rules[unit]
            seen.add(unit)
            unit = self._parents.get(unit, "")
        return None

    def proposals(self) -> Iterator[Proposal]:
        """Members that could be onboarded (new ones, and those that failed), by name."""
        members = OrganizationMember.objects.filter(
            organization=self._organization.pk, kind=MemberKind.ACCOUNT, provider_state=ProviderState.ACTIVE,
            state__in=(MemberState.NEW, MemberState.ONBOARDING, MemberState.FAILED),
        )  # fmt: skip
        for member in members.order_by("name_key", "name", "pk").iterator(chunk_size=500):
            yield Proposal(member, self.rule_for(member.parent_id))

    def preview(self) -> Preview:
        """A dry run: nothing is stored and no cloud is asked."""
        counts = {"automatic": 0, "waiting": 0, "without_rule": 0}
        shown: list[Proposal] = []
        for proposal in self.proposals():
            rule = proposal.rule
            counts["without_rule" if rule is None else "automatic" if rule.auto else "waiting"] += 1
            if len(shown) < SHOWN:
                shown.append(proposal)
        return Preview(**counts, shown=tuple(shown))

    def due(self) -> list[UUID]:
        """Members that are onboarded now without being asked for."""
        if not any(rule.auto for rule in self._rules.values()):
            return []
        members = OrganizationMember.objects.filter(
            Q(state__in=(MemberState.NEW, MemberState.ONBOARDING)) | _failed_and_due(),
            organization=self._organization.pk, kind=MemberKind.ACCOUNT, provider_state=ProviderState.ACTIVE,
        )  # fmt: skip
        due = []
        for key, parent in members.order_by("name_key", "name", "pk").values_list("pk", "parent_id"):
            rule = self.rule_for(parent)
            if rule is not None and rule.auto:
                due.append(key)
        return due


def rules_of(organization: Organization) -> list[Rule]:
    return [Rule.from_dict(data) for data in organization.rules]


def rules_json(
    organization: Organization, rules: Iterable[Rule] | None = None, *, scope: Scope | None = None
) -> list[dict[str, Any]]:
    """As they are written down: groups by name, so that what was read can be sent again.

    ``scope`` is that of who reads: groups that it does not show are left out. Without one it is the whole team's.
    """
    chosen = rules_of(organization) if rules is None else list(rules)
    ids = {group for rule in chosen for group in rule.groups}
    asking = scope or Scope(organization.owner)
    rows = group_queries.visible_groups(asking).filter(pk__in=list(ids)) if ids else AccountGroup.objects.none()
    names = {row.pk: row.name for row in rows}
    return [{**rule.to_dict(), "groups": [names[group] for group in rule.groups if group in names]} for rule in chosen]


def read_rules(organization: Organization, given: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """Rules as a script or a form writes them: groups by name or id. Raises `InputError`, by place (``0.groups``)."""
    if len(given) > MOST_RULES:
        raise InputError({"rules": f"Give {MOST_RULES} rules at most."})
    connection = CloudAccount.objects.filter(pk=organization.connection).first()
    if connection is None:
        raise InputError({"rules": "The account that this organization is reached through is gone."})
    units = set(
        OrganizationMember.objects.filter(organization=organization.pk, kind=MemberKind.CONTAINER).values_list(
            "node_id", flat=True
        )
    )
    problems: dict[str, str] = {}
    rules: list[Rule] = []
    for number, data in enumerate(given):
        # All of them are looked at before any is refused: a file or a page shows everything that has to be corrected.
        try:
            rules.append(_read(organization, connection, data, units))
        except InputError as error:
            problems |= {f"{number}.{field}": message for field, message in error.fields.items()}
            continue
        if rules[-1].under in {rule.under for rule in rules[:-1]}:
            problems[f"{number}.under"] = "An earlier rule is of the same place."
    if organization.root_id != ROOT and {ROOT, organization.root_id} <= {rule.under for rule in rules}:
        problems["rules"] = "“root” and the root's own id are the same place: give one rule for it."
    if problems:
        raise InputError(problems)
    return rules


def set_rules(organization: Organization, *, actor: Actor, rules: Sequence[Rule]) -> bool:
    """Replaces all rules; False where they are these already. The next sync goes by them."""
    before = rules_json(organization)
    after = [rule.to_dict() for rule in rules]
    if after == organization.rules:
        return False
    with transaction.atomic(using=SECURITY):
        Organization.objects.filter(pk=organization.pk).update(rules=after)
        organization.rules = after
        record_event(
            actor=actor, owner=organization.owner, action="organization.rules_changed",
            account=organization.connection, label=organization.title,
            text=f"Rules of {organization.title}: {len(rules)}, changed by {actor.label}",
            organization=str(organization.pk), before=before, after=rules_json(organization),
        )  # fmt: skip
    return True


def _read(organization: Organization, connection: CloudAccount, data: Mapping[str, Any], units: set[str]) -> Rule:
    under = clean_identifier(str(data.get("under", "")).strip(), 200)
    problems: dict[str, str] = {}
    if unknown := set(data) - set(FIELDS):
        problems[min(unknown)] = f"There is no such field. A rule has {', '.join(FIELDS)}."
    if not under:
        problems["under"] = "Name the place by its id, or write “root”."
    # Before the first sync nobody knows which units there are; afterwards a misspelt one would quietly never apply.
    elif organization.last_synced_at is not None and under != ROOT and under not in units:
        problems["under"] = "The last sync met no place of this id."
    groups: list[UUID] = []
    regions = data.get("regions", ALL_REGIONS)
    try:
        names = list(dict.fromkeys(map(str, data.get("groups") or ())))
        if len(names) > MOST_GROUPS:
            raise InputError({"groups": f"Give {MOST_GROUPS} groups at most."})
        groups = find_groups(Scope(organization.owner), names, field="groups")
    except InputError as error:
        problems |= error.fields
    try:
        # By the rules of an account's own fields: what a rule names must be what onboarding would take.
        all_regions, chosen = split_regions(regions if isinstance(regions, str) else tuple(regions))
        details = AccountDetails(
            provider=organization.provider, account_id=connection.account_id, partition=connection.partition,
            name="any", environment=str(data.get("environment", "")), regions=chosen, all_regions=all_regions,
        )  # fmt: skip
        details = clean_details(details)
    except InputError as error:
        problems |= error.fields
    if problems:
        raise InputError(problems)
    return Rule(
        under, details.environment, tuple(groups), ALL_REGIONS if all_regions else details.regions,
        bool(data.get("auto")),
    )  # fmt: skip


def _failed_and_due() -> Q:
    day_ago = timezone.now() - RETRY_FAILED
    return Q(state=MemberState.FAILED) & (Q(tested_at__lt=day_ago) | Q(first_seen_at__gt=day_ago))
