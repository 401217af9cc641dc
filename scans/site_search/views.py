"""The page of the search on top of every page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cloudaccounts.storable import clean_text
from cloudaccounts.views.common import scope_of
from scans.site_search.queries import LEAST, SHOWN, search

LONGEST = 200


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    text = clean_text(request.GET.get("q", "")).strip()[:LONGEST]
    hits = search(scope_of(request), text) if len(text) >= LEAST else None
    return render(request, "scans/search/search.html", {"text": text, "hits": hits, "least": LEAST, "shown": SHOWN})
