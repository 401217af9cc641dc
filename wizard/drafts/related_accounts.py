"""The other accounts that a proven credential can see: offered, and connected in the same go.

Each becomes a draft of its own, with the same credential sealed for it, is validated like any other and finishes by
itself once proven. One that is refused waits among the drafts with its report.
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
from wizard.drafts.draft_data import DraftContent
from wizard.drafts.editing import create_wizard_session, read_content
from wizard.drafts.validation import request_validation
from wizard.models import Step, WizardSession

logger = logging.getLogger(__name__)


def connect_others(draft: WizardSession, chosen: Iterable[str], *, actor: Actor) -> int:
    """Starts a draft for each chosen account that was offered; counts those begun. Repeating it begins none twice.

    Raises `DraftUnreadableError` where there is no key to seal with.
    """
    content = read_content(draft)
    offered = {other["account_id"]: other for other in draft.others if other["enabled"]}
    begun = 0
    for account_id in dict.fromkeys(chosen):
        if account_id in offered:
            begun += _begin(draft, content, account_id, str(offered[account_id]["name"]), actor)
    return begun


def _begin(draft: WizardSession, content: DraftContent, account_id: str, name: str, actor: Actor) -> bool:
    try:
        details = clean_details(replace(content.details(), account_id=account_id, name=name or account_id))
    except ProviderError as error:
        logger.warning("wizard.other_refused", extra={"code": error.code})
        return False
    own = _content_for(content, details)
    # Named after both, so that a second click finds the first one's draft.
    key = uuid5(draft.pk, account_id)
    try:
        begun = create_wizard_session(draft.owner, own, key=key, finish_as=actor)
    except IntegrityError:
        return False
    try:
        request_validation(begun, own, actor=actor)
    except ProviderError as error:
        # It is begun all the same, and waits among the drafts; the others have their turn.
        logger.warning("wizard.other_not_asked", extra={"code": error.code})
    return True


def _content_for(content: DraftContent, details: AccountDetails) -> DraftContent:
    environment = {**content.step(Step.ENVIRONMENT), "account_id": details.account_id, "name": details.name}
    return DraftContent(steps={**content.steps, Step.ENVIRONMENT.value: environment})
