from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from cloudaccounts.accounts.external_id import external_id_for
from cloudaccounts.views.common import owner_of, scope_of
from config.simulated.presentation import clouds_for, filled_in
from config.simulated.receivers import read_channels, read_received
from config.simulated.scenarios import find_scenario, read_scenarios
from wizard.drafts.errors import DraftUnreadableError
from wizard.models import Step
from wizard.steps.prefill import create_prefilled_draft
from wizard.views.common import request_validation_or_warn, step_url


@require_safe
def credentials(request: HttpRequest) -> HttpResponse:
    return render(request, "sandbox/credentials.html", {"clouds": clouds_for(owner_of(request), read_scenarios())})


@require_safe
def received(request: HttpRequest) -> HttpResponse:
    """What teams' channels have sent to the simulated receivers, and what to enter to reach them."""
    context = {"channels": read_channels(), "received": read_received()}
    return render(request, "sandbox/received.html", context)


@require_POST
def use(request: HttpRequest, cloud: str, slug: str) -> HttpResponse:
    """A draft filled with the scenario: at its validation, which runs, or where a person is still needed."""
    scenario = find_scenario(cloud, slug)
    if scenario is None:
        raise Http404("There is no such entry.")
    try:
        draft = create_prefilled_draft(scope_of(request), scenario.entries())
    except DraftUnreadableError as error:
        messages.error(request, f"No draft can be kept. {error.cause} {error.remedy}")
        return redirect("sandbox")
    step = draft.content.reachable(Step.VALIDATION)
    # A validation now could only fail: what it looks for, the customer has to make first.
    if step == Step.VALIDATION and scenario.customer_step:
        command = filled_in(scenario.customer_step, external_id_for(owner_of(request)))
        messages.info(request, f"All is filled in. Play the customer first, in a terminal: {command} Then go on here.")
        step = Step.AUTHENTICATION
    elif step == Step.VALIDATION:
        request_validation_or_warn(request, draft.row, draft.content)
    return redirect(step_url(draft.row.pk, step))
