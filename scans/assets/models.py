"""The table of assets."""

from __future__ import annotations

import uuid

from django.db import models

from cloudaccounts.models.account import provider_choices
from scans.search_keys import KEY_LENGTH


class Asset(models.Model):
    """A resource that a scan found.

    ``gone_at`` is set when a scan collected its unit completely without finding it; the row stays for its history. The
    owner and the account's name are copied from the account (see `scans.account_sync`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.UUIDField()
    asset_key = models.CharField(max_length=64)  # SHA-256 of type, region, native id: fits every index
    owner = models.CharField(max_length=64)
    account_name = models.CharField(max_length=120)
    provider = models.CharField(max_length=32, choices=provider_choices)
    type = models.CharField(max_length=80)
    service = models.CharField(max_length=40)
    region = models.CharField(max_length=60)
    unit_region = models.CharField(max_length=60)  # of the scan unit that collects it: a bucket's is "global"
    native_id = models.CharField(max_length=2048)
    name = models.CharField(max_length=300)
    # No query looks inside this column and the next: each engine would do it in its own way.
    tags = models.JSONField(default=dict)
    properties = models.JSONField(default=dict)
    tag_lines = models.TextField(blank=True, default="")  # the tags as text, which is searched (`scans.tags`)
    fingerprint = models.CharField(max_length=64)  # equal while nothing was changed, see `contract.inventory.Asset`
    name_key = models.CharField(max_length=KEY_LENGTH, default="")  # see scans.search_keys
    id_key = models.CharField(max_length=KEY_LENGTH, default="")
    judged_by = models.CharField(max_length=32, default="")  # version of the checks that evaluated it as it is
    passed = models.PositiveSmallIntegerField(default=0)
    failed = models.PositiveSmallIntegerField(default=0)
    unknown = models.PositiveSmallIntegerField(default=0)
    passed_weight = models.PositiveIntegerField(default=0)  # of the severities of what passed and failed: see posture
    failed_weight = models.PositiveIntegerField(default=0)
    unknowns = models.JSONField(default=list)  # [[check id, reason]]
    # Ids of the checks that do not apply, with spaces between. As text: the database groups by it, and so counts per
    # check what passed without a row for each evaluation.
    inapplicable = models.TextField(blank=True, default="")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    last_run = models.UUIDField()  # the latest that met it: any other asset of its unit is gone
    gone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "assets"
        constraints = [models.UniqueConstraint(fields=["account", "asset_key"], name="one_asset_per_account")]
        indexes = [
            # An owner's list; the assets of a unit, for scans; an account's list; searches by name and by identifier.
            # In the order of the list, then what it filters by: leafing and counting read no row (docs/decisions/0011).
            models.Index(
                fields=["owner", "gone_at", "type", "name_key", "id", "region", "provider"],
                name="asset_owner_type_name",
            ),
            models.Index(fields=["account", "service", "unit_region"], name="asset_account_unit"),
            models.Index(fields=["account", "type", "name_key"], name="asset_account_type_name"),
            models.Index(fields=["owner", "name_key"], name="asset_owner_name_key"),
            models.Index(fields=["owner", "id_key"], name="asset_owner_id_key"),
        ]

    def __str__(self) -> str:
        return self.name
