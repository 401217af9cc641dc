"""The door of the HTTP API. What serves it (ninja, pydantic) is imported by the first call that comes through.

Commands load every URL and none of this: with it, `manage.py check` would take a third longer.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe


@csrf_exempt  # a bearer token is no cookie: no browser sends it by itself
@login_not_required
def api(request: HttpRequest, path: str = "") -> HttpResponseBase:
    from config.api.assembly import serve

    return serve(request)


@login_not_required
@require_safe
def openapi(request: HttpRequest) -> JsonResponse:
    from config.api.assembly import description

    return JsonResponse(description())


@login_not_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    from config.api.assembly import description
    from config.api.docs import sections

    layout = "base.html" if request.user.is_authenticated else "bare.html"
    context = {"sections": sections(description()), "info": description()["info"], "layout": layout}
    return render(request, "api/docs.html", context)
