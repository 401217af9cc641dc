"""Changes of groups and of their members. Everything belongs to one owner, and each change is audited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.group_scope import groups_within, limiting_groups, within
from cloudaccounts.groups import queries as group_queries
from cloudaccounts.models import AccountGroup, CloudAccount, GroupMember
from cloudaccounts.text import clean_name
from cloudaccounts.work.databases import SECURITY
from teams.names import name_order
from teams.scope import Scope

NAME_LIMIT = 80
DESCRIPTION_LIMIT = 300
GROUP_LIMIT = 1000  # of an owner: the tree is one page
CHUNK = 500
NAME_A_GROUP = "Your membership is limited to groups: name one of them for this account."
NO_GROUP = "Your membership is limited to groups that are not there any more. Ask an owner of the team for another one."
CIRCLE = "A group cannot be nested in itself or in one of its own."


def create_group(
    *, scope: Scope, actor: Actor, name: str, description: str = "", parent: UUID | None = None
) -> AccountGroup:
    """Raises `InputError`; also where a limited scope makes one that is not nested in a group of its own."""
    name, description = _clean(name, description)
    _check_limit(scope, parent)
    owner = scope.owner
    # Not exact under parallel calls, which may pass it by a few: the limit protects pages, not a rule.
    if AccountGroup.objects.filter(owner=owner).count() >= GROUP_LIMIT:
        raise InputError({"name": f"You have {GROUP_LIMIT} groups, which is the limit. Delete one first."})
    group = AccountGroup(owner=owner, name=name, description=description, parent=parent)
    _check_parent(group, parent)
    try:
        with transaction.atomic(using=SECURITY):
            group.save(force_insert=True)
            _record(group, actor, "group.created", f"Group {name} created by {actor.label}")
    except IntegrityError:
        raise _taken() from None
    return group


def update_group(
    group: AccountGroup, *, scope: Scope, actor: Actor, name: str, description: str, parent: UUID | None
) -> AccountGroup:
    """Renames, describes and moves: writes what differs from ``group``, as the caller has read it, and nothing else.

    Raises `InputError`, also where the move would close a circle, or would take the group out of a limited scope.
    """
    name, description = _clean(name, description)
    if group.pk in limiting_groups(scope):
        parent = group.parent  # what lies above it is not shown, and a form that has no choice of it moves nothing
    elif parent != group.parent:
        _check_limit(scope, parent)
    # Checked here and once more after writing, because two moves at the same moment each look fine.
    _check_parent(group, parent)
    wanted = {"name": name, "description": description, "parent": parent}
    # What the caller leaves as it was stays as it is: somebody else may have changed it since.
    changes = {field: value for field, value in wanted.items() if value != getattr(group, field)}
    if not changes:
        return group
    row = AccountGroup.objects.filter(pk=group.pk)
    try:
        with transaction.atomic(using=SECURITY):
            # Read within the transaction, for the audit: the object in hand may be older than another change.
            before = row.values(*changes).first()
            if before is None or not row.update(**changes, updated_at=timezone.now()):
                raise InputError({"group": "This group was deleted meanwhile."})
    except IntegrityError:
        raise _taken() from None
    if "parent" in changes and _is_above(group.pk, parent, group.owner):
        # Two moves at the same moment, each allowed alone: the circle shows only once both are written. Whoever sees it
        # takes its own move back.
        row.filter(parent=parent).update(parent=before["parent"])
        raise InputError({"parent": CIRCLE})
    for field, value in changes.items():
        setattr(group, field, value)
    _record(
        group, actor, "group.changed", f"Group {group.name} changed by {actor.label}",
        before=_shown(before), after=_shown(changes),
    )  # fmt: skip
    return group


def delete_group(group: AccountGroup, *, scope: Scope, actor: Actor) -> None:
    """Deletes the group. Its accounts stay, and nested groups move up one level.

    Raises `InputError` for a group that the scope is limited to: whoever deleted it would see nothing of it any more.
    """
    if group.pk in limiting_groups(scope):
        raise InputError({"group": "Your membership is limited to this group: somebody without a limit may delete it."})
    with transaction.atomic(using=SECURITY):
        # Children first: where a kill leaves it here (MongoDB has no transaction), the group can be deleted once more.
        AccountGroup.objects.filter(owner=group.owner, parent=group.pk).update(parent=group.parent)
        GroupMember.objects.filter(group=group.pk).delete()
        AccountGroup.objects.filter(pk=group.pk).delete()
        _record(group, actor, "group.deleted", f"Group {group.name} deleted by {actor.label}; its accounts stay")


def add_members(group: AccountGroup, *, actor: Actor, accounts: Iterable[UUID], scope: Scope | None = None) -> int:
    """Adds accounts and returns how many are new. Ids of accounts that the scope does not show are ignored.

    Without ``scope`` it is the system that adds them: any of the owner's.
    """
    scope = scope or Scope(group.owner)
    added = 0
    with transaction.atomic(using=SECURITY):
        for chunk in _chunks(accounts):
            # Ids come from forms and calls: somebody else's are left out as if they did not exist.
            rows = within(CloudAccount.objects.filter(pk__in=chunk), scope, account="pk")
            known = set(rows.values_list("pk", flat=True))
            new = known - group_queries.direct_members(group, known)
            added += _insert(group, new)
        if added:
            _recount([group.pk])
            text = f"{_accounts(added)} added to group {group.name} by {actor.label}"
            _record(group, actor, "group.members_added", text, number=added)
    return added


def remove_members(group: AccountGroup, *, actor: Actor, accounts: Iterable[UUID]) -> int:
    """Removes accounts and returns how many were in it. They stay in every other group."""
    removed = 0
    with transaction.atomic(using=SECURITY):
        for chunk in _chunks(accounts):
            removed += GroupMember.objects.filter(group=group.pk, account__in=chunk).delete()[0]
        if removed:
            _recount([group.pk])
            text = f"{_accounts(removed)} removed from group {group.name} by {actor.label}"
            _record(group, actor, "group.members_removed", text, number=removed)
    return removed


def find_groups(scope: Scope, names: Iterable[str], *, field: str) -> list[UUID]:
    """Ids of the scope's groups of these names or ids. Raises `InputError` with a message for ``field``."""
    try:
        return [group_queries.resolve_group(name, scope).pk for name in names]
    except ProviderError as error:
        raise InputError({field: f"{error.cause} {error.remedy}"}) from None


def in_group(scope: Scope, name: str) -> Q:
    """Accounts in a group of this name or id and in those nested in it. Raises `InputError`."""
    find_groups(scope, [name], field="group")
    return group_queries.within(name, scope=scope)


def groups_to_join(scope: Scope, names: Iterable[str], *, field: str) -> list[UUID]:
    """Ids of the groups that a new account is put into. A limited scope has to name one; its only one goes unsaid.

    Raises `InputError`.
    """
    groups = find_groups(scope, names, field=field)
    if groups or not scope.limited:
        return groups
    limit = limiting_groups(scope)
    if len(limit) == 1:
        return list(limit)
    raise InputError({field: NAME_A_GROUP if limit else NO_GROUP})


def set_groups(account: CloudAccount, *, actor: Actor, group_ids: Iterable[UUID], scope: Scope | None = None) -> None:
    """Puts the account into exactly these groups of the scope; it stays in those that the scope does not show.

    Without ``scope`` they are all of the owner's. Raises `InputError` for a group that is not of the scope, and for
    none at all where that is limited: the account would be out of it.
    """
    scope = scope or Scope(account.owner)
    chosen = set(group_ids)
    own = {group.pk: group for group in group_queries.visible_groups(scope).filter(pk__in=list(chosen))}
    if set(own) != chosen:
        raise InputError({"groups": "Choose among your own groups."})
    if scope.limited and not chosen:
        raise InputError({"groups": NAME_A_GROUP})
    present = {group.pk: group for group in group_queries.of_account(scope, account)}
    if chosen == set(present):
        return
    with transaction.atomic(using=SECURITY):
        for key in chosen - set(present):
            _insert(own[key], {account.pk})
        GroupMember.objects.filter(account=account.pk, group__in=list(set(present) - chosen)).delete()
        _recount(chosen ^ set(present))
        before, after = (sorted((group.name for group in side.values()), key=name_order) for side in (present, own))
        record_event(
            actor=actor, owner=account.owner, action="account.grouped", text=f"Groups changed by {actor.label}",
            account=account.pk, label=account.name, before={"groups": before}, after={"groups": after},
        )  # fmt: skip


def remove_from_all_groups(account: UUID, *, but_of: str = "") -> None:
    """For an account that is deleted or transferred. It stays in groups of the new owner (``but_of``)."""
    rows = GroupMember.objects.filter(account=account).exclude(owner=but_of)
    left = list(rows.values_list("group", flat=True))
    rows.delete()
    # After the rows: a size is counted anew, so it is right whatever came in between.
    _recount(left)


def delete_owner_records(owner: str) -> None:
    """Deletes a deleted user's groups. They are empty: a user who owns accounts is not deleted."""
    # Members first, as everywhere here: nothing cascades without foreign keys.
    GroupMember.objects.filter(owner=owner).delete()
    AccountGroup.objects.filter(owner=owner).delete()


def _clean(name: str, description: str) -> tuple[str, str]:
    errors = {}
    name, description = clean_name(name), clean_name(description)
    if not name:
        errors["name"] = "Give the group a name."
    elif len(name) > NAME_LIMIT:
        errors["name"] = f"The name is too long: {NAME_LIMIT} characters at most."
    if len(description) > DESCRIPTION_LIMIT:
        errors["description"] = f"The description is too long: {DESCRIPTION_LIMIT} characters at most."
    if errors:
        raise InputError(errors)
    return name, description


def _check_limit(scope: Scope, parent: UUID | None) -> None:
    """Raises `InputError` where a group of this parent would be outside of a limited scope."""
    limit = groups_within(scope)
    if limit is not None and parent not in limit:
        raise InputError({"parent": "Your membership is limited to groups: choose one of them."})


def _check_parent(group: AccountGroup, parent: UUID | None) -> None:
    if parent is None:
        return
    above = group_queries.find(Scope(group.owner), parent)
    if above is None:
        raise InputError({"parent": "Choose one of your own groups."})
    if _is_above(group.pk, parent, group.owner):
        raise InputError({"parent": CIRCLE})
    # The parent's own levels, the parent, this group, and what hangs below it.
    if (
        len(group_queries.path(Scope(group.owner), above)) + 2 + group_queries.depth_below(group)
        > group_queries.DEEPEST
    ):
        raise InputError({"parent": f"Groups are nested {group_queries.DEEPEST} deep at most."})


def _is_above(group: UUID, start: UUID | None, owner: str) -> bool:
    """Whether ``group`` is ``start`` itself or anywhere above it."""
    parents = dict(AccountGroup.objects.filter(owner=owner).values_list("pk", "parent"))
    seen: set[UUID] = set()
    key = start
    while key is not None and key not in seen:
        if key == group:
            return True
        seen.add(key)
        key = parents.get(key)
    return False


def _insert(group: AccountGroup, accounts: Iterable[UUID]) -> int:
    now = timezone.now()
    rows = [GroupMember(group=group.pk, account=key, owner=group.owner, added_at=now) for key in accounts]
    try:
        with transaction.atomic(using=SECURITY):
            GroupMember.objects.bulk_create(rows)
    except IntegrityError:
        # Somebody added one of them at the same moment. One by one then, because MongoDB has no "ignore conflicts". It
        # does not roll back what it wrote before the conflict either: a row is ours where it has the key that we gave
        # it, whichever of the two tries wrote it.
        defaults = {"owner": rows[0].owner, "added_at": now}
        members = [
            GroupMember.objects.get_or_create(
                group=row.group, account=row.account, defaults={**defaults, "id": row.pk}
            )[0]
            for row in rows
        ]
        return sum(member.pk == row.pk for member, row in zip(members, rows, strict=True))
    return len(rows)


def _recount(keys: Iterable[UUID]) -> None:
    """Writes the groups' sizes. Counted anew, not added up: so a size that a kill left wrong is corrected.

    PostgreSQL: who counts holds the group's row, since two that count at the same time would both leave out what the
    other has not committed. In one order, so that no two wait for each other. Where no row can be held, as in MongoDB,
    what was written is counted once more: whoever wrote last sees all rows that were there before.
    """
    with transaction.atomic(using=SECURITY):
        for key in sorted(keys):
            group = AccountGroup.objects.filter(pk=key)
            if not list(group.select_for_update().values_list("pk", flat=True)):
                continue
            written = -1
            while (size := GroupMember.objects.filter(group=key).count()) != written:
                group.update(size=size)
                written = size


def _shown(columns: Mapping[str, Any]) -> dict[str, str]:
    """As the audit shows them."""
    return {name: str(value or "") for name, value in columns.items()}


def _taken() -> InputError:
    return InputError({"name": "You have a group of this name already."})


def _accounts(number: int) -> str:
    return "1 account" if number == 1 else f"{number:,} accounts"


def _record(group: AccountGroup, actor: Actor, action: str, text: str, **detail: Any) -> None:
    record_event(actor=actor, owner=group.owner, action=action, text=text, group=str(group.pk), **detail)


def _chunks(items: Iterable[UUID]) -> Iterator[list[UUID]]:
    rest = iter(dict.fromkeys(items))  # each id once, in its order
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
