"""Audit events about drafts."""

from __future__ import annotations

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from wizard.models import WizardSession


def audit_draft(draft: WizardSession, actor: Actor, action: str, text: str) -> None:
    """Records an event under the draft's id. It becomes the account's id, so both have one history."""
    record_event(actor=actor, owner=draft.owner, action=action, text=text, account=draft.pk, label=str(draft))
