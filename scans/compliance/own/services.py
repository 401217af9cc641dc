"""Adding, replacing and deleting a team's own frameworks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.db import IntegrityError, transaction
from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import ChangedMeanwhileError, InputError
from cloudaccounts.work.databases import SECURITY
from scans.batching import batched, key_batches
from scans.compliance.own.reading import OwnContent, stored
from scans.models import ComplianceDay, ControlAnswer, FrameworkRevision, OwnFramework, SavedView
from scans.saved_views.services import Person
from teams.names import name_order

MOST = 20  # frameworks of a team: each report over all of them evaluates each
REVISIONS = 20  # kept of those that were replaced
_AT_ONCE = 250  # rows deleted in one transaction, as in `scans.account_sync`


class FrameworkExistsError(ProviderError):
    def __init__(self, slug: str) -> None:
        super().__init__(
            "framework_exists",
            f"There is a framework {slug} already.",
            "Replace that one, or give this one a slug of its own.",
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """What a replacement changes: ids of controls. ``answers`` of people are of controls that are no longer there."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Consequences:
    """What goes with a framework when it is deleted."""

    answers: int
    days: int  # of the course over time, in all accounts
    revisions: int
    views: tuple[str, ...]  # saved views that filter by one of its controls: the team's, and the person's own
    private_views: int  # other people's, of which nobody else reads the names


def own_rows(owner: str) -> list[OwnFramework]:
    return list(OwnFramework.objects.filter(owner=owner).defer("text", "content").order_by("slug"))


def find_own(owner: str, slug: str) -> OwnFramework | None:
    return OwnFramework.objects.filter(owner=owner, slug=slug).first()


def add_framework(owner: str, content: OwnContent, text: str, *, actor: Actor) -> OwnFramework:
    """Raises `FrameworkExistsError`, and `InputError` where there are as many as there may be."""
    rows = OwnFramework.objects.filter(owner=owner)
    if rows.filter(slug=content.slug).exists():
        raise FrameworkExistsError(content.slug)
    if rows.count() >= MOST:
        raise InputError({"file": f"There are {MOST} own frameworks already: delete one first."})
    now = timezone.now()
    row = OwnFramework(
        owner=owner, slug=content.slug, text=text, content=content.model_dump_json(), author=actor.label[:160],
        created_at=now, updated_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic(using=SECURITY):
            row.save(force_insert=True)
            _record(actor, row, "framework.added", f"Framework {content.short} was added", content)
    except IntegrityError:  # added twice at this moment
        raise FrameworkExistsError(content.slug) from None
    return row


def replace_framework(
    row: OwnFramework, content: OwnContent, text: str, *, actor: Actor, revision: int | None = None
) -> OwnFramework:
    """The former text is kept as a revision; answers for controls that are no longer there go (the audit has them).

    ``revision`` is what the change was made from. Raises `ChangedMeanwhileError` where it is another by now, and
    `InputError` for another slug. The same content once more changes nothing.
    """
    if content.slug != row.slug:
        raise InputError({"slug": f"This replaces {row.slug}: it must have the same slug."})
    if revision is not None and revision != row.revision:
        raise ChangedMeanwhileError
    if (text, content.model_dump_json()) == (row.text, row.content):
        return row
    difference, before = difference_of(row, content), row.revision
    values = {
        "text": text, "content": content.model_dump_json(), "revision": before + 1, "author": actor.label[:160],
        "updated_at": timezone.now(),
    }  # fmt: skip
    with transaction.atomic(using=SECURITY):
        # By the revision that was read: of two replacements at the same moment one is refused, and no text is lost.
        if not OwnFramework.objects.filter(pk=row.pk, revision=before).update(**values):
            raise ChangedMeanwhileError
        FrameworkRevision.objects.create(
            framework=row.pk, owner=row.owner, revision=before, text=row.text, author=row.author, at=row.updated_at
        )
        _forget_old_revisions(row)
        if difference.answers:
            ControlAnswer.objects.filter(
                owner=row.owner, framework=row.slug, control__in=list(difference.answers)
            ).delete()
        _record(
            actor, row, "framework.replaced", f"Framework {content.short} was replaced: revision {before + 1}", content,
            added=list(difference.added), removed=list(difference.removed), changed=list(difference.changed),
            answers_removed=list(difference.answers),
        )  # fmt: skip
    row.refresh_from_db()
    return row


def difference_of(row: OwnFramework, content: OwnContent) -> Difference:
    """One query."""
    old = {control.id: control for control in stored(row.content).controls}
    new = {control.id: control for control in content.controls}
    removed = tuple(key for key in old if key not in new)
    answered = ControlAnswer.objects.filter(owner=row.owner, framework=row.slug).values_list("control", flat=True)
    return Difference(
        added=tuple(key for key in new if key not in old),
        removed=removed,
        changed=tuple(key for key in new if key in old and new[key] != old[key]),
        answers=tuple(sorted(key for key in answered if key not in new)),
    )


def consequences_of(row: OwnFramework, person: Person) -> Consequences:
    """For this person, who reads nothing of others' private views but that there are some. Four queries."""
    rows = SavedView.objects.filter(owner=row.owner, query__contains=row.slug).values_list("name", "person", "query")
    views = [(name, whose) for name, whose, query in rows if _filters_by(query, row.slug)]
    shown = {name for name, whose in views if whose in ("", person.key)}
    return Consequences(
        answers=ControlAnswer.objects.filter(owner=row.owner, framework=row.slug).count(),
        days=ComplianceDay.objects.filter(owner=row.owner, framework=row.slug).count(),
        revisions=FrameworkRevision.objects.filter(framework=row.pk).count(),
        views=tuple(sorted(shown, key=name_order)),
        private_views=sum(whose not in ("", person.key) for _, whose in views),
    )


def delete_framework(row: OwnFramework, *, actor: Actor, as_read: bool = False) -> None:
    """With its answers, revisions and course over time. Repeatable; the audit keeps what it said and who answered.

    ``as_read``: only as long as it is in the revision of ``row``; else `ChangedMeanwhileError`, and nothing is deleted.
    """
    if as_read:
        # The next revision is taken before anything goes, so that no replacement comes in between.
        held = OwnFramework.objects.filter(pk=row.pk, revision=row.revision)
        if not held.update(revision=row.revision + 1):
            raise ChangedMeanwhileError
    # The days first, and in parts, for they may be many. After a kill the framework is still there to be deleted again.
    days = ComplianceDay.objects.filter(owner=row.owner, framework=row.slug)
    for keys in key_batches(days):
        for part in batched(keys, _AT_ONCE):
            ComplianceDay.objects.filter(pk__in=part).delete()
    with transaction.atomic(using=SECURITY):
        ControlAnswer.objects.filter(owner=row.owner, framework=row.slug).delete()
        FrameworkRevision.objects.filter(framework=row.pk).delete()
        if OwnFramework.objects.filter(pk=row.pk).delete()[0]:
            content = stored(row.content)
            _record(actor, row, "framework.deleted", f"Framework {content.short} was deleted", content)


def revisions_of(row: OwnFramework) -> Sequence[FrameworkRevision]:
    """Those that were replaced, the latest first; without their texts."""
    return list(FrameworkRevision.objects.filter(framework=row.pk).defer("text").order_by("-revision"))


def text_of(row: OwnFramework, revision: int) -> str | None:
    """What it said in this revision; None for one that is not kept."""
    if revision == row.revision:
        return row.text
    return FrameworkRevision.objects.filter(framework=row.pk, revision=revision).values_list("text", flat=True).first()


def _forget_old_revisions(row: OwnFramework) -> None:
    kept = FrameworkRevision.objects.filter(framework=row.pk).order_by("-revision").values_list("revision", flat=True)
    if oldest := kept[REVISIONS : REVISIONS + 1].first():
        FrameworkRevision.objects.filter(framework=row.pk, revision__lte=oldest).delete()


def _filters_by(query: str, slug: str) -> bool:
    """Whether a saved view's filters name a control of this framework."""
    return any(name == "control" and value.startswith(f"{slug}:") for name, value in parse_qsl(query))


def _record(actor: Actor, row: OwnFramework, action: str, text: str, content: OwnContent, **detail: Any) -> None:
    record_event(
        actor=actor, owner=row.owner, action=action, text=text, label=content.short, framework=row.slug,
        version=content.version, controls=len(content.controls), **detail,
    )  # fmt: skip
