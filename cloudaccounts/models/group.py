from __future__ import annotations

import uuid

from django.db import models


class AccountGroup(models.Model):
    """A named set of an owner's accounts; an account may be in several. ``parent`` nests it, never in a circle.

    ``size`` counts its own members, those of nested groups not among them: recounted with every change of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.CharField(max_length=64)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True, default="")
    # No foreign key to itself: MongoDB would not hold it, and `groups.services` keeps the tree free of circles.
    parent = models.UUIDField(null=True, blank=True)
    # What a list shows stands on the row (docs/decisions/0001).
    size = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "account_groups"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="one_group_per_name",
                violation_error_message="There is a group of this name already.",
            )
        ]
        indexes = [models.Index(fields=["name"], name="group_name")]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """That an account is in a group. A table of its own, without foreign keys: lists ask for it by either side."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.UUIDField()
    account = models.UUIDField()
    owner = models.CharField(max_length=64)
    added_at = models.DateTimeField()

    class Meta:
        db_table = "account_group_members"
        constraints = [models.UniqueConstraint(fields=["group", "account"], name="once_in_a_group")]
        indexes = [models.Index(fields=["account", "group"], name="member_account_group")]

    def __str__(self) -> str:
        return f"{self.account} in {self.group}"
