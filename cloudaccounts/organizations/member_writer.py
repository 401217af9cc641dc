"""Writes pages of an organization's tree in few statements, by what SQLite, PostgreSQL and MongoDB share."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.organizations import NodeKind, NodeState, OrganizationNode
from cloudaccounts.lifecycle.state_changes import suspend_account
from cloudaccounts.models import CloudAccount, CloudAccountStatus, Organization, OrganizationMember
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.models.organization import MemberKind, MemberState, ProviderState
from cloudaccounts.notifications.notify import notify
from cloudaccounts.work.reading import row_batches
from teams.names import name_key

BATCH = 500
NAMED = 3  # of those that joined or left in a sync
# ``seen_in`` comes last: it moves with every sync, and alone it is no change (see `_change`).
_CHANGING = ["parent_id", "name", "name_key", "provider_state", "state", "account", "seen_in"]
_WORDS = {ProviderState.SUSPENDED: "suspended", ProviderState.CLOSED: "closed"}


@dataclass(slots=True)
class Met:
    """Accounts of one kind: how many, and the names of a few."""

    number: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        self.number += 1
        if len(self.names) < NAMED:
            self.names.append(name)


@dataclass(slots=True)
class MemberWriter:
    """Stores the pages of one sync.

    Rows are read and then created or updated, since MongoDB's backend has no bulk_create that updates conflicts.
    Nobody comes in between: one worker at a time holds the organization's claim.
    """

    organization: Organization
    generation: int
    new: int = 0
    joined: Met = field(default_factory=Met)
    left: Met = field(default_factory=Met)  # closed or suspended at the cloud, or not in the tree any more
    back: Met = field(default_factory=Met)

    def write(self, nodes: Iterable[OrganizationNode]) -> int:
        """Four statements a page at most, whatever its size. Returns how many nodes it held."""
        # Each node once: a page may hold one twice, and the unique constraint would refuse the whole INSERT.
        nodes_by_id = {node.node_id[:200]: node for node in nodes if node.node_id}
        existing = {
            row.node_id: row
            for row in OrganizationMember.objects.filter(
                organization=self.organization.pk, node_id__in=list(nodes_by_id)
            )
        }
        connected = self._connected([node.account_id for node in nodes_by_id.values() if node.account_id])
        fresh, changed, same = [], [], []
        for key, node in nodes_by_id.items():
            row = existing.get(key)
            if row is None:
                fresh.append(self._row(key, node, connected))
            elif self._change(row, node, connected):
                changed.append(row)
            else:
                same.append(row.pk)
        OrganizationMember.objects.bulk_create(fresh)
        OrganizationMember.objects.bulk_update(changed, _CHANGING)
        if same:  # most of them: one UPDATE, and no row is sent back
            OrganizationMember.objects.filter(pk__in=same).update(seen_in=self.generation)
        self.new += sum(row.kind == MemberKind.ACCOUNT and row.state == MemberState.NEW for row in fresh)
        for row in fresh:
            if row.kind == MemberKind.ACCOUNT:
                self.joined.add(row.name)
        return len(nodes_by_id)

    def close_missing_members(self) -> int:
        """After the whole tree was read: members that were not in it are closed. Their rows stay, as history."""
        missing = OrganizationMember.objects.filter(organization=self.organization.pk, seen_in__lt=self.generation)
        # Closed ones stay as they are, so that each is notified once.
        missing = missing.exclude(provider_state=ProviderState.CLOSED)
        # Notices before the update: after a kill the rows are still to be closed, and a notice's key keeps it one.
        for row in chain.from_iterable(row_batches(missing.filter(account__isnull=False), BATCH)):
            self._notify_closed(row, ProviderState.CLOSED, said=False)
        gone = missing.filter(kind=MemberKind.ACCOUNT, provider_state=ProviderState.ACTIVE)
        if number := gone.count():
            names = gone.order_by("name_key", "name").values_list("name", flat=True)[:NAMED]
            self.left.number += number
            self.left.names = [*self.left.names, *names][:NAMED]
        return missing.update(provider_state=ProviderState.CLOSED)

    def _connected(self, account_ids: list[str]) -> dict[str, CloudAccount]:
        """Those of these accounts that the owner has connected, as members or otherwise."""
        if not account_ids:
            return {}
        # Of this owner alone: whether somebody else has connected the same account is nobody's business here.
        owned = CloudAccount.objects.of(self.organization.owner).filter(provider=self.organization.provider)
        return {row.account_id: row for row in owned.filter(account_id__in=account_ids).only("account_id", "name")}

    def _row(self, key: str, node: OrganizationNode, connected: dict[str, CloudAccount]) -> OrganizationMember:
        account = connected.get(node.account_id) if node.account_id else None
        return OrganizationMember(
            organization=self.organization.pk,
            owner=self.organization.owner,
            node_id=key,
            parent_id=node.parent_id[:200],
            kind=MemberKind.ACCOUNT if node.kind == NodeKind.ACCOUNT else MemberKind.CONTAINER,
            account_id=node.account_id[:128],
            name=shown_name(node.name) or node.account_id or key,
            provider_state=node.state.value,
            state=MemberState.ONBOARDED if account else MemberState.NEW,
            account=account.pk if account else None,
            seen_in=self.generation,
            first_seen_at=timezone.now(),
        )

    def _change(self, row: OrganizationMember, node: OrganizationNode, connected: dict[str, CloudAccount]) -> bool:
        """Writes the node's values onto the row; whether anything beside the generation changed."""
        before = [getattr(row, name) for name in _CHANGING[:-1]]
        account = connected.get(node.account_id) if node.account_id else None
        row.parent_id, row.name = node.parent_id[:200], shown_name(node.name) or node.account_id or row.node_id
        row.name_key = name_key(row.name)
        # Only for accounts that are connected here, and only where the state is new: a sync a day must not be a notice
        # a day.
        if row.provider_state != node.state and row.account and node.state != NodeState.ACTIVE:
            self._notify_closed(row, ProviderState(node.state.value), said=True)
        if row.kind == MemberKind.ACCOUNT and row.provider_state != node.state:
            if node.state == NodeState.ACTIVE:
                self.back.add(row.name)
            elif row.provider_state == ProviderState.ACTIVE:
                self.left.add(row.name)
        row.provider_state = node.state.value
        if account is not None and row.account != account.pk:  # connected since, and not as a member
            row.account, row.state = account.pk, MemberState.ONBOARDED
        row.seen_in = self.generation
        return before != [getattr(row, name) for name in _CHANGING[:-1]]

    def _notify_closed(self, row: OrganizationMember, state: ProviderState, *, said: bool) -> None:
        account = CloudAccount.objects.filter(pk=row.account).first() if row.account else None
        if account is None:
            return
        suspended = self._suspend(account, state, said=said)
        aftermath = " It was suspended here: it is neither checked nor scanned any more." if suspended else ""
        notify(
            NoticeKind.MEMBER_CLOSED,
            key=f"{row.pk}:{self.generation}:{state.value}",
            text=f"{account.name} {_what_happened(state, said=said)}.{aftermath}",
            remedy="Resume it here should it come back, or delete it with what was discovered."
            if suspended
            else "Suspend or delete the account here if that was meant.",
            account=account,
        )

    def _suspend(self, account: CloudAccount, state: ProviderState, *, said: bool) -> bool:
        """Suspends what the cloud has closed, so that its checks do not fail for ever; True where that was done.

        What only left the tree (``said`` is false) and has a credential of its own may work as before, and is left
        alone; so is the connection, which has just read this tree.
        """
        is_ours = account.connection == self.organization.connection
        if account.pk == self.organization.connection or not (said or is_ours):
            return False
        if account.status != CloudAccountStatus.SUSPENDED:
            rules = Actor("system", f"organization {self.organization.title}", "worker")
            suspend_account(account, actor=rules)
            record_event(
                actor=rules, owner=account.owner, action="account.noted", account=account.pk, label=account.name,
                text=f"Suspended because it {_what_happened(state, said=said)}",
                organization=str(self.organization.pk), provider_state=state.value,
            )  # fmt: skip
        return True


def _what_happened(state: ProviderState, *, said: bool) -> str:
    """Of what only left the list nobody knows why: it may be closed, moved, or no longer marked as the team's."""
    if said:
        return f"is {_WORDS[state]} at the cloud, as its organization says"
    return "is no longer listed by its organization: closed, moved out of it, or hidden from us"


def shown_name(raw: str) -> str:
    """A stranger's text in one line: control and direction characters become blanks, and 160 characters are kept."""
    text = unicodedata.normalize("NFC", raw)
    # Direction marks too: a name that turns the text around it is shown as it is spelt.
    bad = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co"}
    return " ".join("".join(" " if unicodedata.category(char) in bad else char for char in text).split())[:160]
