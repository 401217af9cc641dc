"""What the views of a draft share: pages for drafts that cannot be worked on, redirects, requesting a validation."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from cloudaccounts.accounts.rate_limits import TooManyAttemptsError
from cloudaccounts.audit.actor import Actor
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import TeamLimitError
from wizard.drafts.draft_data import DraftContent
from wizard.drafts.errors import DraftExpiredError, DraftFinishedError, DraftNotFoundError, DraftUnreadableError
from wizard.drafts.validation import request_validation
from wizard.models import WizardSession

logger = logging.getLogger(__name__)

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def step_url(draft_id: UUID, step: str) -> str:
    return f"{reverse('wizard-draft', args=[draft_id])}?step={step}"


def draft_view(view: View[P]) -> View[P]:
    """Turns the errors of a draft into pages, and keeps its pages out of every cache, the browser's own included."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except DraftNotFoundError:
            # The same answer for somebody else's draft: whether it exists is not told.
            raise Http404("There is no such draft.") from None
        except DraftFinishedError as finished:
            # Links to the draft go on working: they lead to what it became.
            return redirect_page(request, reverse("account", args=[finished.account]))
        except DraftExpiredError as error:
            # 410 Gone: it was there, and will not come back.
            return _error_page(request, error, "This draft has expired", 410)
        except DraftUnreadableError as error:
            return _error_page(request, error, "This draft cannot be opened", 200)
        except TeamLimitError:
            raise  # answered 429, see config.middleware
        except ProviderError as error:
            # What no view expected: one that knows what to do with an error catches it itself.
            logger.exception("wizard.page_refused", extra={"code": error.code})
            return _error_page(request, error, "This page cannot be shown", 200)

    return cast("View[P]", never_cache(guarded))


def request_validation_or_warn(request: HttpRequest, draft: WizardSession, content: DraftContent) -> None:
    """Requests a validation; where it is refused, the next page says why."""
    try:
        request_validation(draft, content, actor=Actor.of_request(request))
    except TooManyAttemptsError as error:
        messages.warning(request, f"{error.cause} {error.remedy} Everything that you entered is kept in this draft.")
    except ProviderError as error:
        messages.error(request, f"{error.cause} {error.remedy}".strip())


def redirect_page(request: HttpRequest, url: str) -> HttpResponse:
    """A redirect of the whole page, also where htmx asked for a part of it."""
    # htmx would follow a 302 and put the other page into the place of the part.
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)


def _error_page(request: HttpRequest, error: Exception, heading: str, status: int) -> HttpResponse:
    if request.headers.get("HX-Request") and request.resolver_match is not None:
        # The page that holds the part then shows the error itself, whole.
        return redirect_page(request, reverse("wizard-draft", args=[request.resolver_match.kwargs["draft_id"]]))
    return render(request, "wizard/unavailable.html", {"heading": heading, "error": error}, status=status)
