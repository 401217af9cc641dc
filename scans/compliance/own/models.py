"""The tables of a team's own frameworks: the present content of each, and the texts that it replaced."""

from __future__ import annotations

import uuid

from django.db import models


class OwnFramework(models.Model):
    """``text`` is the YAML as a person gave it, ``content`` the same as canonical JSON, which reports are made from.

    ``revision`` counts up with each replacement; a change names the one that it was made from.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    slug = models.CharField(max_length=40)
    text = models.TextField()
    content = models.TextField()
    revision = models.PositiveIntegerField(default=1)
    author = models.CharField(max_length=160)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "own_frameworks"
        constraints = [models.UniqueConstraint(fields=["owner", "slug"], name="one_own_framework_per_slug")]

    def __str__(self) -> str:
        return self.slug


class FrameworkRevision(models.Model):
    """What a framework said before it was replaced; the latest `services.REVISIONS` of them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    framework = models.UUIDField()
    owner = models.CharField(max_length=64)
    revision = models.PositiveIntegerField()
    text = models.TextField()
    author = models.CharField(max_length=160)
    at = models.DateTimeField()  # when it came into force

    class Meta:
        db_table = "own_framework_revisions"
        indexes = [models.Index(fields=["framework", "-revision"], name="own_framework_revision")]

    def __str__(self) -> str:
        return f"{self.framework} {self.revision}"
