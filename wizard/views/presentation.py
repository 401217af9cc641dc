"""The contexts of the wizard's pages, from the draft, its report and the state of our own worker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils import timezone

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.contract.report import CheckResult, CheckStatus, CloudValidationResult, PermissionStatus
from cloudaccounts.models import Environment
from cloudaccounts.operations.workers import worker_state
from wizard.drafts.draft_data import DraftContent
from wizard.drafts.setup_guides import setup_guides
from wizard.models import Step, ValidationState, WizardSession
from wizard.steps import AuthenticationForm

QUEUE = "checks"
UNDER_WAY = (ValidationState.QUEUED, ValidationState.RUNNING)


@dataclass(frozen=True, slots=True)
class StepSummary:
    """One step in the list beside the form, with what was chosen in it."""

    key: str
    label: str
    detail: str
    current: bool
    done: bool


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check of a validation. ``state`` is its status, or ``running``, ``waiting``, ``not reached``."""

    name: str
    title: str
    state: str
    result: CheckResult | None = None


@dataclass(frozen=True, slots=True)
class WaitingReason:
    """Why a validation does not go on, where this server is the reason."""

    title: str
    text: str
    since: datetime | None = None


def page_context(draft: WizardSession, content: DraftContent, form: forms.Form) -> dict[str, Any]:
    step = Step(getattr(form, "step", Step.PROVIDER))
    # Lambdas, because only the shown step's context is worth its queries.
    extra: dict[Step, Callable[[], dict[str, Any]]] = {
        Step.AUTHENTICATION: lambda: _authentication(draft, content, form),
        Step.VALIDATION: lambda: validation_context(draft, content),
    }
    return {
        "draft": draft,
        "form": form,
        "provider": content.provider,
        "heading": _heading(step, content),
        "step_summaries": _step_summaries(step, content),
        "previous": _previous(step),
        "step": step,
        **(extra[step]() if step in extra else {}),
    }


def _authentication(draft: WizardSession, content: DraftContent, form: forms.Form) -> dict[str, Any]:
    assert isinstance(form, AuthenticationForm)
    return authentication_context(draft, content, form)


def authentication_context(draft: WizardSession, content: DraftContent, form: AuthenticationForm) -> dict[str, Any]:
    method = form.shown_method
    return {
        "draft": draft,
        "form": form,
        "method": method,
        "guides": setup_guides(content, method, draft.owner),
        "external_id": external_id_for(draft.owner) if method.uses_server_identity else "",
    }


def validation_context(draft: WizardSession, content: DraftContent) -> dict[str, Any]:
    """The checks, rendered, and a digest of them, by which polling finds out that nothing changed."""
    result = draft.result
    rows = check_rows(draft, content, result)
    failed = result is not None and result.finished and not result.ok
    # A skipped check counts as done in a good report, where it was not needed. After a failure it was never reached.
    done = sum(row.result is not None and not (failed and row.state == CheckStatus.SKIPPED) for row in rows)
    context = {
        "draft": draft,
        "result": result,
        "rows": rows,
        "done": done,
        "total": len(rows),
        "polling": draft.validation in UNDER_WAY or draft.is_finishing,
        "waiting_reason": waiting_reason(draft),
        "proof": draft.proof,
        "outdated": bool(result and result.finished and result.ok and not draft.proof_is_fresh),
        "gaps": result.count(PermissionStatus.DENIED) + result.count(PermissionStatus.UNVERIFIABLE) if result else 0,
        "granted": result.count(PermissionStatus.GRANTED) if result else 0,
        "announcement": _announcement(draft, result, done, len(rows)),
        "shown_regions": _shown_regions(content, result),
    }
    # The digest is of the rendered text and not of the report: the time of a waiting reason belongs to it, too.
    body = render_to_string("wizard/_checks.html", context)
    # Sixteen digits: it is compared by a page with its own, and guards nothing.
    return context | {"checks_html": body, "seen": hashlib.sha256(body.encode()).hexdigest()[:16]}


def check_rows(draft: WizardSession, content: DraftContent, result: CloudValidationResult | None) -> list[CheckRow]:
    """The planned checks with their results, then results of checks that were not planned."""
    provider, method = content.provider, content.method
    plan = provider.plan(method.key) if provider and method else ()
    results = {check.name: check for check in result.checks} if result else {}
    ended = draft.validation == ValidationState.FINISHED
    rows = []
    for planned in plan:
        # Taken out, so that what is left at the end is what the plan did not know.
        check = results.pop(planned.name, None)
        state = "not reached" if ended else "waiting"
        if result and result.running == planned.name and not ended:
            state = "running"
        rows.append(CheckRow(planned.name, planned.title, check.status if check else state, check))
    return rows + [CheckRow(check.name, check.title, check.status, check) for check in results.values()]


def _shown_regions(content: DraftContent, result: CloudValidationResult | None) -> list[dict[str, Any]]:
    """What is enabled, and what was chosen: the report names every region of the cloud."""
    chosen = content.details()
    rows = [
        {"name": region.name, "enabled": region.enabled, "reason": region.reason,
         "read": region.enabled and (chosen.all_regions or region.name in chosen.regions),
         "unread": region.enabled and not (chosen.all_regions or region.name in chosen.regions)}
        for region in (result.regions if result else ())
        if region.enabled or region.name in chosen.regions
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (not row["read"], row["enabled"], row["name"]))


def waiting_reason(draft: WizardSession) -> WaitingReason | None:
    """Whether our own broker or worker keeps a validation waiting; None where neither does."""
    if draft.validation not in UNDER_WAY:
        return None
    if draft.validation == ValidationState.QUEUED and draft.broker_refused:
        return WaitingReason(
            "Our message broker does not take messages",
            "So no worker has heard of this validation yet. Nothing is lost: the draft and the request are stored, and "
            "the validation starts automatically once it is back. Your account and credentials are not at fault.",
        )
    # In the order in which they hide one another: without a broker nobody hears, without a worker nobody works.
    worker = worker_state(QUEUE, draft)
    if not worker.alive:
        return WaitingReason(
            "Our worker is not running",
            "The validation waits for it. Nothing is lost: the draft and the request are stored, and the validation "
            "starts automatically as soon as a worker is up. You can close this page and come back.",
            worker.seen_at,
        )
    if draft.lease_until is not None and draft.lease_until < timezone.now():
        return WaitingReason(
            "The worker of this validation has stopped",
            "Another one begins it anew within a minute. Nothing is lost.",
        )
    return None


def _announcement(draft: WizardSession, result: CloudValidationResult | None, done: int, total: int) -> str:
    if draft.validation in UNDER_WAY:
        return f"{done} of {total} checks done"
    if draft.validation == ValidationState.FINISHED and result is not None:
        return "Validation passed" if result.ok else f"Validation failed: {result.cause}"
    return ""


def _heading(step: Step, content: DraftContent) -> str:
    provider = content.provider
    if step == Step.PROVIDER or provider is None:
        return "Which cloud is the account in?"
    if step == Step.ENVIRONMENT:
        return f"Which {provider.short_label} account?"
    if step == Step.AUTHENTICATION:
        return f"How should we sign in to {provider.short_label}?"
    return f"Proving access to {provider.format_account_id(content.text(Step.ENVIRONMENT, 'account_id'))}"


def _step_summaries(current: Step, content: DraftContent) -> list[StepSummary]:
    provider, method = content.provider, content.method
    chosen = content.details()
    regions = "all regions" if chosen.all_regions else _count(len(chosen.regions), "region") if chosen.regions else ""
    labels = dict(Environment.choices)
    environment = labels.get(content.text(Step.ENVIRONMENT, "environment"), "")
    details = {
        Step.PROVIDER: provider.label if provider else "Choose a cloud",
        Step.ENVIRONMENT: f"{environment} · {regions}" if regions else "Which account",
        Step.AUTHENTICATION: method.label if method else "Choose a method",
        Step.VALIDATION: f"Live, with the {provider.short_label} SDK" if provider else "Live",
    }
    return [
        StepSummary(step.value, step.label, details[step], step == current, step in content.steps and step != current)
        for step in Step
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _previous(step: Step) -> str:
    order = list(Step)
    place = order.index(step)
    return order[place - 1].value if place else ""
