from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]


def only_in_the_sandbox(view: View) -> View:
    """Elsewhere the page does not exist, for strangers either: they are not sent to sign in first."""
    for_people = login_required(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not settings.SANDBOX:
            raise Http404("There are no simulated clouds here.")
        return for_people(request, *args, **kwargs)

    return login_not_required(guarded)
