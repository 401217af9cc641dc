"""Connecting the other accounts that a proven credential can see, together with its own.

Each chosen account becomes a draft of its own, with the same credential encrypted for it. A worker validates it like
any other and finishes it once it is proven. One that is refused stays among the drafts, with its report.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from uuid import uuid5

from django.db import IntegrityError

from cloudaccounts.accounts.details import AccountDetails, clean_details
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import TeamLimitError
from cloudaccounts.group_scope import from_text
from wizard.drafts.draft_data import DraftContent
from wizard.drafts.editing import create_wizard_session, read_content
from wizard.drafts.validation import request_validation
from wizard.models import Step, WizardSession

logger = logging.getLogger(__name__)


def connect_related_accounts(draft: WizardSession, account_ids: Iterable[str], *, actor: Actor) -> int:
    """Starts a draft for each of these accounts that was offered, and answers with the number of new ones.

    Repeating it starts none a second time. Raises `DraftUnreadableError` where there is no encryption key.
    """
    content = read_content(draft)
    # The ids come from a form: only what the validation offered may be connected with the credential.
    offered = {related["account_id"]: related for related in draft.others if related["enabled"]}
    started = 0
    for account_id in dict.fromkeys(account_ids):
        if account_id in offered:
            started += _start_draft(draft, content, account_id, str(offered[account_id]["name"]), actor)
    return started


def _start_draft(draft: WizardSession, content: DraftContent, account_id: str, name: str, actor: Actor) -> bool:
    try:
        details = clean_details(replace(content.details(), account_id=account_id, name=name or account_id))
    except ProviderError as error:
        logger.warning("wizard.other_refused", extra={"code": error.code})
        return False
    related_content = _content_for(content, details)
    # An id made of both, so that a second click meets the first one's draft and fails on its key.
    key, scope = uuid5(draft.pk, account_id), from_text(draft.owner, draft.limited_to)
    try:
        related_draft = create_wizard_session(scope, related_content, key=key, finish_as=actor)
    # The first click's draft stands: it is validated and finished without this call.
    except IntegrityError:
        return False
    except TeamLimitError as error:
        logger.warning("wizard.other_refused", extra={"code": error.code})
        return False
    try:
        request_validation(related_draft, related_content, actor=actor)
    except ProviderError as error:
        # The draft exists all the same, and the reconciler asks again; the other accounts are not held up.
        logger.warning("wizard.other_not_asked", extra={"code": error.code})
    return True


def _content_for(content: DraftContent, details: AccountDetails) -> DraftContent:
    environment = {**content.step(Step.ENVIRONMENT), "account_id": details.account_id, "name": details.name}
    return DraftContent(steps={**content.steps, Step.ENVIRONMENT.value: environment})
