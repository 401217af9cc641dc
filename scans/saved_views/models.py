"""The table of saved views."""

from __future__ import annotations

import uuid

from django.db import models


class SavedView(models.Model):
    """A list's filters under a name, as the query of its address. ``person`` is empty where the whole team has it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    person = models.CharField(max_length=64, blank=True, default="")  # `str(user.pk)`
    name = models.CharField(max_length=80)
    page = models.CharField(max_length=20)
    query = models.CharField(max_length=2000, blank=True, default="")
    author = models.CharField(max_length=160)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "saved_views"
        constraints = [
            models.UniqueConstraint(fields=["owner", "person", "page", "name"], name="one_view_per_person_and_name")
        ]

    def __str__(self) -> str:
        return self.name
