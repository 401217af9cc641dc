"""Reads of notices."""

from __future__ import annotations

from django.db.models import QuerySet

from cloudaccounts.models import Notice


def of_owner(owner: str) -> QuerySet[Notice]:
    return Notice.objects.filter(owner=owner).order_by("-created_at", "-id")
