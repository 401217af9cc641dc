"""The schema as the first edition left it; a database that its last release migrated goes on from here."""

import cloudaccounts.models.account
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("scans", "0001_initial"),
        ("scans", "0002_findings"),
        ("scans", "0003_finding_suppressions"),
        ("scans", "0004_finding_service_index"),
    ]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Asset",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("account", models.UUIDField()),
                ("asset_key", models.CharField(max_length=64)),
                ("owner", models.CharField(max_length=64)),
                ("account_name", models.CharField(max_length=120)),
                ("provider", models.CharField(choices=cloudaccounts.models.account.provider_choices, max_length=32)),
                ("type", models.CharField(max_length=80)),
                ("service", models.CharField(max_length=40)),
                ("region", models.CharField(max_length=60)),
                ("unit_region", models.CharField(max_length=60)),
                ("native_id", models.CharField(max_length=2048)),
                ("name", models.CharField(max_length=300)),
                ("tags", models.JSONField(default=dict)),
                ("properties", models.JSONField(default=dict)),
                ("fingerprint", models.CharField(max_length=64)),
                ("name_key", models.CharField(default="", max_length=80)),
                ("id_key", models.CharField(default="", max_length=80)),
                ("judged_by", models.CharField(default="", max_length=32)),
                ("passed", models.PositiveSmallIntegerField(default=0)),
                ("failed", models.PositiveSmallIntegerField(default=0)),
                ("unknown", models.PositiveSmallIntegerField(default=0)),
                ("unknowns", models.JSONField(default=list)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("last_run", models.UUIDField()),
                ("gone_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "assets",
                "indexes": [
                    models.Index(fields=["owner", "gone_at", "type", "name"], name="asset_owner_type_name"),
                    models.Index(fields=["account", "service", "unit_region"], name="asset_account_unit"),
                    models.Index(fields=["account", "type", "name"], name="asset_account_type_name"),
                    models.Index(fields=["owner", "name_key"], name="asset_owner_name_key"),
                    models.Index(fields=["owner", "id_key"], name="asset_owner_id_key"),
                ],
                "constraints": [models.UniqueConstraint(fields=("account", "asset_key"), name="one_asset_per_account")],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("account", models.UUIDField()),
                ("check_id", models.CharField(max_length=80)),
                ("asset_key", models.CharField(max_length=64)),
                ("owner", models.CharField(max_length=64)),
                ("account_name", models.CharField(max_length=120)),
                ("provider", models.CharField(choices=cloudaccounts.models.account.provider_choices, max_length=32)),
                ("title", models.CharField(max_length=200)),
                ("severity", models.CharField(max_length=10)),
                ("severity_rank", models.PositiveSmallIntegerField()),
                ("service", models.CharField(max_length=40)),
                ("region", models.CharField(max_length=60)),
                ("asset", models.UUIDField()),
                ("asset_type", models.CharField(max_length=80)),
                ("asset_name", models.CharField(max_length=300)),
                ("native_id", models.CharField(max_length=2048)),
                ("name_key", models.CharField(max_length=80)),
                ("id_key", models.CharField(max_length=80)),
                ("reason", models.CharField(blank=True, default="", max_length=1000)),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "open"), ("resolved", "resolved")], default="open", max_length=8
                    ),
                ),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
                ("open_since", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(null=True)),
                ("resolution", models.CharField(blank=True, default="", max_length=500)),
                ("reopened_at", models.DateTimeField(null=True)),
                ("reopened", models.PositiveIntegerField(default=0)),
                ("last_run", models.UUIDField()),
                ("changed_run", models.UUIDField()),
                (
                    "change",
                    models.CharField(
                        choices=[("new", "new"), ("resolved", "resolved"), ("reopened", "reopened")],
                        default="new",
                        max_length=8,
                    ),
                ),
                ("suppressed", models.BooleanField(default=False)),
                ("suppressed_reason", models.CharField(blank=True, default="", max_length=500)),
                ("suppressed_by", models.CharField(blank=True, default="", max_length=160)),
                ("suppressed_at", models.DateTimeField(null=True)),
                ("suppressed_until", models.DateTimeField(null=True)),
                ("history", models.JSONField(default=list)),
                ("suppressions", models.JSONField(default=list)),
            ],
            options={
                "db_table": "findings",
                "indexes": [
                    models.Index(
                        fields=[
                            "owner",
                            "status",
                            "suppressed",
                            "severity_rank",
                            "-open_since",
                            "id",
                            "service",
                            "region",
                            "provider",
                            "check_id",
                            "account",
                        ],
                        name="finding_owner_severity",
                    ),
                    models.Index(
                        fields=[
                            "owner",
                            "status",
                            "suppressed",
                            "-open_since",
                            "id",
                            "severity_rank",
                            "service",
                            "region",
                            "provider",
                            "check_id",
                            "account",
                        ],
                        name="finding_owner_since",
                    ),
                    models.Index(
                        fields=["owner", "status", "suppressed", "check_id", "severity_rank", "-open_since", "id"],
                        name="finding_owner_check",
                    ),
                    models.Index(
                        fields=[
                            "owner",
                            "status",
                            "suppressed",
                            "service",
                            "severity_rank",
                            "-open_since",
                            "id",
                            "region",
                            "provider",
                            "check_id",
                            "account",
                        ],
                        name="finding_owner_service",
                    ),
                    models.Index(
                        fields=["owner", "status", "suppressed", "region", "severity_rank", "-open_since", "id"],
                        name="finding_owner_region",
                    ),
                    models.Index(
                        fields=["account", "status", "suppressed", "severity_rank", "-open_since", "id"],
                        name="finding_account_severity",
                    ),
                    models.Index(fields=["account", "asset_key"], name="finding_account_asset"),
                    models.Index(fields=["changed_run", "change", "severity_rank"], name="finding_changed_run"),
                    models.Index(fields=["owner", "name_key"], name="finding_owner_name_key"),
                    models.Index(fields=["owner", "id_key"], name="finding_owner_id_key"),
                    models.Index(fields=["suppressed", "suppressed_until"], name="finding_suppressed_until"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "check_id", "asset_key"), name="one_finding_per_check_and_asset"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FindingDay",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64)),
                ("day", models.CharField(max_length=10)),
                ("critical", models.PositiveIntegerField(default=0)),
                ("high", models.PositiveIntegerField(default=0)),
                ("medium", models.PositiveIntegerField(default=0)),
                ("low", models.PositiveIntegerField(default=0)),
            ],
            options={
                "db_table": "finding_days",
                "constraints": [models.UniqueConstraint(fields=("owner", "day"), name="one_count_per_owner_and_day")],
            },
        ),
        migrations.CreateModel(
            name="ScanRun",
            fields=[
                ("run_id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("account", models.UUIDField()),
                ("active_account", models.UUIDField(null=True, unique=True)),
                ("owner", models.CharField(max_length=64)),
                ("account_name", models.CharField(max_length=120)),
                ("provider", models.CharField(choices=cloudaccounts.models.account.provider_choices, max_length=32)),
                (
                    "scan_type",
                    models.CharField(
                        choices=[("full", "full"), ("incremental", "incremental")], default="full", max_length=12
                    ),
                ),
                ("regions", models.JSONField(default=list)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("running", "running"),
                            ("completed", "completed"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("auto_initiated", models.BooleanField(default=False)),
                ("scheduled", models.BooleanField(default=False)),
                ("actor", models.JSONField(default=dict)),
                ("units_total", models.PositiveIntegerField(default=0)),
                ("units_done", models.PositiveIntegerField(default=0)),
                ("now_doing", models.CharField(blank=True, default="", max_length=200)),
                ("assets_seen", models.PositiveIntegerField(default=0)),
                ("assets_new", models.PositiveIntegerField(default=0)),
                ("assets_changed", models.PositiveIntegerField(default=0)),
                ("assets_gone", models.PositiveIntegerField(default=0)),
                ("units_unchanged", models.PositiveIntegerField(default=0)),
                ("findings_new", models.PositiveIntegerField(default=0)),
                ("findings_resolved", models.PositiveIntegerField(default=0)),
                ("findings_reopened", models.PositiveIntegerField(default=0)),
                ("open_by_severity", models.JSONField(default=dict)),
                ("verdicts", models.JSONField(default=dict)),
                ("unknowns", models.JSONField(default=list)),
                ("notes", models.JSONField(default=list)),
                ("gaps", models.JSONField(default=list)),
                ("error_code", models.CharField(blank=True, default="", max_length=64)),
                ("error", models.CharField(blank=True, default="", max_length=500)),
                ("error_remedy", models.CharField(blank=True, default="", max_length=500)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("requested_at", models.DateTimeField()),
                ("nudged_at", models.DateTimeField(null=True)),
                ("claim", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "scan_runs",
                "indexes": [
                    models.Index(fields=["account", "-requested_at"], name="scan_account_requested"),
                    models.Index(fields=["owner", "-requested_at"], name="scan_owner_requested"),
                    models.Index(fields=["status", "requested_at"], name="scan_status_requested"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScanSchedule",
            fields=[
                ("account", models.UUIDField(primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64)),
                (
                    "every",
                    models.CharField(
                        choices=[("daily", "Every day"), ("weekly", "Every week"), ("off", "Only when asked for")],
                        default="daily",
                        max_length=8,
                    ),
                ),
                ("next_at", models.DateTimeField(null=True)),
                ("full_at", models.DateTimeField()),
            ],
            options={
                "db_table": "scan_schedules",
                "indexes": [models.Index(fields=["next_at"], name="schedule_next")],
            },
        ),
        migrations.CreateModel(
            name="ScanUnitRecord",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("account", models.UUIDField()),
                ("service", models.CharField(max_length=40)),
                ("region", models.CharField(max_length=60)),
                ("also", models.JSONField(default=list)),
                ("version", models.CharField(max_length=32)),
                ("looked_at", models.DateTimeField()),
                ("covered_at", models.DateTimeField()),
            ],
            options={
                "db_table": "scan_unit_records",
                "constraints": [
                    models.UniqueConstraint(fields=("account", "service", "region"), name="one_record_per_unit")
                ],
            },
        ),
    ]
