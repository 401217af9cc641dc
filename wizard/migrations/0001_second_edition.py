"""The schema as the first edition left it; a database that its last release migrated goes on from here."""

import cloudaccounts.crypto.fields
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("wizard", "0001_initial"),
        ("wizard", "0002_draft_asked_by_and_finishing_attempts"),
    ]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="WizardSession",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64)),
                ("data", cloudaccounts.crypto.fields.SealedField(null=True)),
                ("version", models.PositiveIntegerField(default=0)),
                ("revision", models.PositiveIntegerField(default=0)),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("provider", "Provider"),
                            ("environment", "Environment"),
                            ("authentication", "Authentication"),
                            ("validation", "Validation"),
                        ],
                        default="provider",
                        max_length=20,
                    ),
                ),
                ("provider", models.CharField(blank=True, default="", max_length=32)),
                ("account_id", models.CharField(blank=True, default="", max_length=128)),
                ("name", models.CharField(blank=True, default="", max_length=120)),
                (
                    "validation",
                    models.CharField(
                        choices=[
                            ("idle", "not run yet"),
                            ("queued", "queued"),
                            ("running", "running"),
                            ("finished", "finished"),
                        ],
                        default="idle",
                        max_length=10,
                    ),
                ),
                ("validation_revision", models.PositiveIntegerField(blank=True, null=True)),
                ("report", models.JSONField(blank=True, default=dict)),
                ("claim", models.UUIDField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("requested_at", models.DateTimeField(blank=True, null=True)),
                ("asked_by", models.JSONField(blank=True, default=dict)),
                ("nudged_at", models.DateTimeField(blank=True, null=True)),
                ("broker_refused", models.BooleanField(default=False)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("validated_at", models.DateTimeField(blank=True, null=True)),
                ("finishing_at", models.DateTimeField(blank=True, null=True)),
                ("finishing_actor", models.JSONField(blank=True, default=dict)),
                ("finishing_attempts", models.PositiveSmallIntegerField(default=0)),
                ("account", models.UUIDField(blank=True, null=True)),
                ("others", models.JSONField(blank=True, default=list)),
                ("finishes_itself", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("expires_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "draft",
                "db_table": "wizard_sessions",
                "indexes": [
                    models.Index(fields=["owner", "-updated_at"], name="draft_owner_updated"),
                    models.Index(fields=["validation", "requested_at"], name="draft_validation_requested"),
                    models.Index(fields=["finishing_at"], name="draft_finishing"),
                    models.Index(fields=["expires_at"], name="draft_expires"),
                ],
            },
        ),
    ]
