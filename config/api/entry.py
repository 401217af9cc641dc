"""The views of the HTTP API. What serves it (ninja, pydantic) is imported by the first call.

Commands load all URLs: importing the API with them would make `manage.py check` a third slower (docs/decisions/0012).
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe


@csrf_exempt  # authentication is a bearer token: no browser adds it to a foreign page's request
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
def registry_schema(request: HttpRequest) -> JsonResponse:
    """Of files of the registry (docs/registry.md), for editors, which send no credentials."""
    from cloudaccounts.declared.sections import file_schema

    return JsonResponse(file_schema())


@login_not_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    from config.api.assembly import description
    from config.api.docs import sections

    layout = "base.html" if request.user.is_authenticated else "bare.html"
    context = {"sections": sections(description()), "info": description()["info"], "layout": layout}
    return render(request, "api/docs.html", context)
