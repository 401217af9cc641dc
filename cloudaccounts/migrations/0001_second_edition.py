"""The schema as the first edition left it; a database that its last release migrated goes on from here."""

import cloudaccounts.crypto.fields
import cloudaccounts.models.account
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("cloudaccounts", "0001_initial"),
        ("cloudaccounts", "0002_jobs_and_notices"),
        ("cloudaccounts", "0003_health"),
        ("cloudaccounts", "0004_credential_rotation"),
        ("cloudaccounts", "0005_groups_and_deliveries"),
        ("cloudaccounts", "0006_organizations"),
        ("cloudaccounts", "0007_account_tenant"),
        ("cloudaccounts", "0008_api_tokens"),
        ("cloudaccounts", "0009_transfer_permission"),
        ("cloudaccounts", "0010_credential_written_at"),
        ("cloudaccounts", "0011_account_list_indexes"),
    ]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="CloudAccount",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64)),
                ("provider", models.CharField(choices=cloudaccounts.models.account.provider_choices, max_length=32)),
                ("account_id", models.CharField(max_length=128)),
                ("name", models.CharField(max_length=120)),
                (
                    "environment",
                    models.CharField(
                        choices=[("production", "Production"), ("staging", "Staging"), ("dev", "Dev")],
                        default="production",
                        max_length=20,
                    ),
                ),
                ("regions", models.JSONField(default=list)),
                ("partition", models.CharField(max_length=32)),
                ("tenant", models.CharField(blank=True, default="", max_length=64)),
                ("auth_method", models.CharField(max_length=40)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "pending"),
                            ("active", "active"),
                            ("failed", "failed"),
                            ("suspended", "suspended"),
                        ],
                        default="pending",
                        max_length=12,
                    ),
                ),
                ("last_checked_at", models.DateTimeField(blank=True, null=True)),
                ("last_check", models.JSONField(blank=True, default=dict)),
                ("last_check_code", models.CharField(blank=True, default="", max_length=64)),
                ("last_check_cause", models.CharField(blank=True, default="", max_length=500)),
                ("last_check_remedy", models.CharField(blank=True, default="", max_length=500)),
                ("reported_at", models.DateTimeField(blank=True, null=True)),
                (
                    "health",
                    models.CharField(
                        choices=[
                            ("unknown", "not checked yet"),
                            ("ok", "ok"),
                            ("degraded", "degraded"),
                            ("broken", "broken"),
                        ],
                        default="unknown",
                        max_length=10,
                    ),
                ),
                ("health_since", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("proven_permissions", models.JSONField(blank=True, default=list)),
                ("lost_permissions", models.JSONField(blank=True, default=list)),
                ("next_check_at", models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True)),
                ("next_report_at", models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True)),
                ("check_claim", models.UUIDField(blank=True, null=True)),
                ("credential_since", models.DateTimeField(blank=True, null=True)),
                ("credential_expires_at", models.DateTimeField(blank=True, null=True)),
                ("credential_secretless", models.BooleanField(default=False)),
                ("credential_generation", models.PositiveIntegerField(default=0)),
                ("connection", models.UUIDField(blank=True, null=True)),
                ("latest_scan_run_id", models.UUIDField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "db_table": "enhanced_cloud_accounts",
                "permissions": [("transfer_cloudaccount", "Can give cloud account to another owner")],
            },
        ),
        migrations.CreateModel(
            name="ConnectionCheck",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("account", models.UUIDField()),
                ("active_account", models.UUIDField(null=True, unique=True)),
                ("owner", models.CharField(max_length=64)),
                (
                    "trigger",
                    models.CharField(choices=[("person", "asked for"), ("heartbeat", "heartbeat")], max_length=12),
                ),
                ("actor", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("running", "running"),
                            ("finished", "finished"),
                            ("abandoned", "abandoned"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("requested_at", models.DateTimeField()),
                ("nudged_at", models.DateTimeField(null=True)),
                ("claim", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("ok", models.BooleanField(null=True)),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("cause", models.CharField(blank=True, default="", max_length=500)),
                ("duration_ms", models.PositiveIntegerField(default=0)),
                ("report", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="CredentialRotation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("account", models.UUIDField()),
                ("active_account", models.UUIDField(null=True, unique=True)),
                ("owner", models.CharField(max_length=64)),
                (
                    "purpose",
                    models.CharField(
                        choices=[("replace", "replacement"), ("rollback", "rollback")], default="replace", max_length=8
                    ),
                ),
                ("method", models.CharField(max_length=40)),
                ("actor", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("staged", "stored, not tested yet"),
                            ("queued", "queued"),
                            ("running", "running"),
                            ("finished", "finished"),
                            ("abandoned", "abandoned"),
                            ("discarded", "discarded"),
                        ],
                        default="staged",
                        max_length=12,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("requested_at", models.DateTimeField()),
                ("nudged_at", models.DateTimeField(null=True)),
                ("claim", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("ok", models.BooleanField(null=True)),
                ("swapped", models.BooleanField(default=False)),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("cause", models.CharField(blank=True, default="", max_length=500)),
                ("duration_ms", models.PositiveIntegerField(default=0)),
                ("report", models.JSONField(default=dict)),
            ],
            options={
                "db_table": "credential_rotations",
            },
        ),
        migrations.CreateModel(
            name="GroupMember",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("group", models.UUIDField()),
                ("account", models.UUIDField()),
                ("owner", models.CharField(max_length=64)),
                ("added_at", models.DateTimeField()),
            ],
            options={
                "db_table": "account_group_members",
            },
        ),
        migrations.CreateModel(
            name="HealthRecord",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("account", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(choices=[("light", "heartbeat"), ("full", "full report")], max_length=6)),
                ("ok", models.BooleanField()),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("cause", models.CharField(blank=True, default="", max_length=500)),
                ("duration_ms", models.PositiveIntegerField(default=0)),
                ("status", models.CharField(max_length=12)),
                ("notable", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="IdempotentCall",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=64, unique=True)),
                ("fingerprint", models.CharField(max_length=64)),
                ("claim", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("answer", models.JSONField(default=dict)),
                ("expires_at", models.DateTimeField()),
            ],
            options={
                "db_table": "api_idempotent_calls",
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=40)),
                ("title", models.CharField(max_length=160)),
                ("actor", models.JSONField(default=dict)),
                ("options", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("running", "running"),
                            ("finished", "finished"),
                            ("cancelled", "cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("skipped", models.PositiveIntegerField(default=0)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("requested_at", models.DateTimeField()),
                ("nudged_at", models.DateTimeField(null=True)),
                ("claim", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="JobItem",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("job", models.UUIDField()),
                ("position", models.PositiveIntegerField()),
                ("subject", models.CharField(max_length=128)),
                ("label", models.CharField(blank=True, default="", max_length=160)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("skipped", "skipped"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("cause", models.CharField(blank=True, default="", max_length=500)),
                ("remedy", models.CharField(blank=True, default="", max_length=500)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="KeyWitness",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(default="witness", max_length=20, unique=True)),
                ("sealed", cloudaccounts.crypto.fields.SealedField()),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=200, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("account.failed", "account failed"),
                            ("account.recovered", "account recovered"),
                            ("permission.lost", "permission lost"),
                            ("rotation.warning", "rotation due soon"),
                            ("rotation.critical", "rotation overdue"),
                            ("credential.expiring", "credential expiring"),
                            ("credential.retired", "old credential to delete"),
                            ("scan.failed", "scan failed"),
                            ("finding.critical", "critical finding"),
                            ("member.closed", "account closed at the cloud"),
                            ("system", "this product itself"),
                        ],
                        max_length=24,
                    ),
                ),
                ("owner", models.CharField(blank=True, default="", max_length=64)),
                ("account", models.UUIDField(null=True)),
                ("account_label", models.CharField(blank=True, default="", max_length=160)),
                ("text", models.CharField(max_length=500)),
                ("remedy", models.CharField(blank=True, default="", max_length=500)),
                ("created_at", models.DateTimeField()),
                ("spread_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="NoticeDelivery",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("notice", models.UUIDField()),
                ("channel", models.CharField(choices=[("mail", "e-mail"), ("webhook", "webhook")], max_length=8)),
                ("recipient", models.CharField(blank=True, default="", max_length=64)),
                ("digest", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="NoticeDigest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("channel", models.CharField(choices=[("mail", "e-mail"), ("webhook", "webhook")], max_length=8)),
                ("recipient", models.CharField(blank=True, default="", max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ready", "to be sent"),
                            ("sending", "being sent"),
                            ("sent", "sent"),
                            ("dropped", "given up"),
                        ],
                        default="ready",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("claim", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, default="", max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="NoticePreference",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64, unique=True)),
                ("muted", models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name="Organization",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64)),
                ("provider", models.CharField(choices=cloudaccounts.models.account.provider_choices, max_length=32)),
                ("connection", models.UUIDField(unique=True)),
                ("root_id", models.CharField(blank=True, default="", max_length=200)),
                ("name", models.CharField(blank=True, default="", max_length=160)),
                ("options", models.JSONField(default=dict)),
                (
                    "sync_state",
                    models.CharField(
                        choices=[("idle", "up to date"), ("queued", "waiting"), ("running", "looking")],
                        default="idle",
                        max_length=8,
                    ),
                ),
                ("generation", models.PositiveIntegerField(default=0)),
                ("cursor", models.TextField(blank=True, default="")),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("actor", models.JSONField(default=dict)),
                ("requested_at", models.DateTimeField(null=True)),
                ("nudged_at", models.DateTimeField(null=True)),
                ("claim", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("last_synced_at", models.DateTimeField(null=True)),
                ("next_sync_at", models.DateTimeField(null=True)),
                ("seen", models.PositiveIntegerField(default=0)),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("cause", models.CharField(blank=True, default="", max_length=500)),
                ("remedy", models.CharField(blank=True, default="", max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="OrganizationMember",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("organization", models.UUIDField()),
                ("owner", models.CharField(max_length=64)),
                ("node_id", models.CharField(max_length=200)),
                ("parent_id", models.CharField(blank=True, default="", max_length=200)),
                ("kind", models.CharField(choices=[("container", "container"), ("account", "account")], max_length=10)),
                ("account_id", models.CharField(blank=True, default="", max_length=128)),
                ("name", models.CharField(blank=True, default="", max_length=160)),
                (
                    "provider_state",
                    models.CharField(
                        choices=[("active", "active"), ("suspended", "suspended"), ("closed", "closed")],
                        default="active",
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "new"),
                            ("onboarding", "onboarding"),
                            ("onboarded", "onboarded"),
                            ("failed", "failed"),
                            ("ignored", "left out"),
                        ],
                        default="new",
                        max_length=10,
                    ),
                ),
                ("account", models.UUIDField(null=True)),
                ("becomes", models.UUIDField(default=uuid.uuid4)),
                ("tested_at", models.DateTimeField(null=True)),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("cause", models.CharField(blank=True, default="", max_length=500)),
                ("remedy", models.CharField(blank=True, default="", max_length=500)),
                ("seen_in", models.PositiveIntegerField(default=0)),
                ("first_seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="OwnerExternalId",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64, unique=True)),
                ("external_id", models.CharField(max_length=63, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="ProviderReach",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=32, unique=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("suspected_since", models.DateTimeField(null=True)),
                ("accounts", models.PositiveIntegerField(default=0)),
                ("code", models.CharField(blank=True, default="", max_length=64)),
                ("cause", models.CharField(blank=True, default="", max_length=500)),
                ("remedy", models.CharField(blank=True, default="", max_length=500)),
            ],
        ),
        migrations.CreateModel(
            name="RateCounter",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=120, unique=True)),
                ("count", models.PositiveIntegerField(default=0)),
                ("expires_at", models.DateTimeField()),
            ],
            options={
                "db_table": "api_rate_counters",
            },
        ),
        migrations.CreateModel(
            name="ServerIdentityRecord",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=32, unique=True)),
                ("identity", models.JSONField(default=dict)),
                ("checked_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="WorkerHeartbeat",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120, unique=True)),
                ("queues", models.JSONField(default=list)),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="AccountGroup",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=80)),
                ("description", models.CharField(blank=True, default="", max_length=300)),
                ("parent", models.UUIDField(blank=True, null=True)),
                ("size", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "db_table": "account_groups",
                "indexes": [models.Index(fields=["name"], name="group_name")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "name"),
                        name="one_group_per_name",
                        violation_error_message="There is a group of this name already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=80)),
                (
                    "scope",
                    models.CharField(
                        choices=[("read", "read only"), ("write", "read and write")], default="read", max_length=8
                    ),
                ),
                ("hint", models.CharField(max_length=16)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                ("window", models.PositiveBigIntegerField(default=0)),
                ("window_count", models.PositiveIntegerField(default=0)),
                ("uses", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "db_table": "api_tokens",
                "indexes": [models.Index(fields=["owner", "-created_at"], name="api_token_owner_created")],
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64)),
                ("account", models.UUIDField(null=True)),
                ("account_label", models.CharField(blank=True, default="", max_length=160)),
                ("actor", models.CharField(max_length=64)),
                ("actor_label", models.CharField(max_length=160)),
                ("address", models.CharField(blank=True, default="", max_length=45)),
                ("via", models.CharField(max_length=20)),
                ("action", models.CharField(max_length=60)),
                ("text", models.CharField(max_length=300)),
                ("detail", models.JSONField(blank=True, default=dict)),
                ("times", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "-created_at"], name="audit_account_created"),
                    models.Index(fields=["owner", "-created_at"], name="audit_owner_created"),
                    models.Index(fields=["owner", "actor_label", "-created_at"], name="audit_owner_actor"),
                    models.Index(fields=["-created_at"], name="audit_created"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CloudCredential",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="credential",
                        serialize=False,
                        to="cloudaccounts.cloudaccount",
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("label", models.CharField(max_length=60)),
                ("hint", models.CharField(blank=True, default="", max_length=200)),
                ("payload", cloudaccounts.crypto.fields.SealedField()),
                ("key_fingerprint", models.CharField(max_length=12)),
                ("created_at", models.DateTimeField()),
                ("written_at", models.DateTimeField(auto_now=True)),
                ("last_rotated_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("generation", models.PositiveIntegerField(default=0)),
                ("replaced_by", models.UUIDField(null=True)),
                ("staged", cloudaccounts.crypto.fields.SealedField(null=True)),
                ("staged_id", models.UUIDField(null=True)),
                ("staged_kind", models.CharField(blank=True, default="", max_length=40)),
                ("staged_label", models.CharField(blank=True, default="", max_length=60)),
                ("staged_hint", models.CharField(blank=True, default="", max_length=200)),
                ("staged_secretless", models.BooleanField(default=False)),
                ("staged_created_at", models.DateTimeField(null=True)),
                ("staged_expires_at", models.DateTimeField(null=True)),
                ("staged_key_fingerprint", models.CharField(blank=True, default="", max_length=12)),
                ("staged_at", models.DateTimeField(null=True)),
                ("previous", cloudaccounts.crypto.fields.SealedField(null=True)),
                ("previous_kind", models.CharField(blank=True, default="", max_length=40)),
                ("previous_label", models.CharField(blank=True, default="", max_length=60)),
                ("previous_hint", models.CharField(blank=True, default="", max_length=200)),
                ("previous_secretless", models.BooleanField(default=False)),
                ("previous_created_at", models.DateTimeField(null=True)),
                ("previous_expires_at", models.DateTimeField(null=True)),
                ("previous_key_fingerprint", models.CharField(blank=True, default="", max_length=12)),
                ("previous_until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "cloud_credentials",
            },
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(
                fields=[
                    "owner",
                    "name",
                    "id",
                    "account_id",
                    "provider",
                    "status",
                    "environment",
                    "credential_secretless",
                    "credential_since",
                    "credential_expires_at",
                    "last_checked_at",
                ],
                name="account_owner_list",
            ),
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(
                fields=[
                    "owner",
                    "credential_secretless",
                    "credential_since",
                    "id",
                    "credential_expires_at",
                    "provider",
                    "status",
                    "environment",
                ],
                name="account_owner_ages",
            ),
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(fields=["owner", "-created_at"], name="account_owner_created"),
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(fields=["owner", "last_checked_at", "id"], name="account_owner_checked"),
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(fields=["owner", "status"], name="account_owner_status"),
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(fields=["provider", "next_check_at"], name="account_due"),
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(
                fields=[
                    "name",
                    "id",
                    "account_id",
                    "provider",
                    "status",
                    "environment",
                    "credential_secretless",
                    "credential_since",
                    "credential_expires_at",
                    "owner",
                    "health",
                    "last_checked_at",
                    "last_check_code",
                ],
                name="account_list",
            ),
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(
                fields=["credential_secretless", "credential_since", "id", "credential_expires_at"], name="account_ages"
            ),
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(fields=["credential_since", "credential_secretless"], name="account_credential_since"),
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(
                fields=["credential_expires_at", "credential_secretless"], name="account_credential_ends"
            ),
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(fields=["account_id"], name="account_number"),
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(fields=["status", "name", "id"], name="account_status_list"),
        ),
        migrations.AddIndex(
            model_name="cloudaccount",
            index=models.Index(fields=["connection"], name="account_connection"),
        ),
        migrations.AddConstraint(
            model_name="cloudaccount",
            constraint=models.UniqueConstraint(
                fields=("owner", "provider", "account_id"),
                name="one_account_per_owner",
                violation_error_message="This account is connected already.",
            ),
        ),
        migrations.AddIndex(
            model_name="connectioncheck",
            index=models.Index(fields=["account", "-requested_at"], name="check_account_requested"),
        ),
        migrations.AddIndex(
            model_name="connectioncheck",
            index=models.Index(fields=["state", "requested_at"], name="check_state_requested"),
        ),
        migrations.AddIndex(
            model_name="credentialrotation",
            index=models.Index(fields=["account", "-requested_at"], name="rotation_account_requested"),
        ),
        migrations.AddIndex(
            model_name="credentialrotation",
            index=models.Index(fields=["state", "requested_at"], name="rotation_state_requested"),
        ),
        migrations.AddIndex(
            model_name="groupmember",
            index=models.Index(fields=["account", "group"], name="member_account_group"),
        ),
        migrations.AddConstraint(
            model_name="groupmember",
            constraint=models.UniqueConstraint(fields=("group", "account"), name="once_in_a_group"),
        ),
        migrations.AddIndex(
            model_name="healthrecord",
            index=models.Index(fields=["account", "-at"], name="health_account_at"),
        ),
        migrations.AddIndex(
            model_name="healthrecord",
            index=models.Index(fields=["notable", "at"], name="health_notable_at"),
        ),
        migrations.AddIndex(
            model_name="idempotentcall",
            index=models.Index(fields=["expires_at"], name="api_idempotent_expires"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["owner", "-requested_at"], name="job_owner_requested"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["state", "requested_at"], name="job_state_requested"),
        ),
        migrations.AddIndex(
            model_name="jobitem",
            index=models.Index(fields=["job", "state", "position"], name="item_job_state"),
        ),
        migrations.AddConstraint(
            model_name="jobitem",
            constraint=models.UniqueConstraint(fields=("job", "subject"), name="one_item_per_subject"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["owner", "-created_at"], name="notice_owner_created"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["owner", "read_at"], name="notice_owner_read"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["spread_at", "created_at"], name="notice_spread"),
        ),
        migrations.AddIndex(
            model_name="noticedelivery",
            index=models.Index(fields=["digest", "channel", "recipient", "created_at"], name="delivery_waiting"),
        ),
        migrations.AddIndex(
            model_name="noticedelivery",
            index=models.Index(fields=["created_at"], name="delivery_created"),
        ),
        migrations.AddConstraint(
            model_name="noticedelivery",
            constraint=models.UniqueConstraint(
                fields=("notice", "channel", "recipient"), name="one_delivery_per_recipient"
            ),
        ),
        migrations.AddIndex(
            model_name="noticedigest",
            index=models.Index(fields=["state", "due_at"], name="digest_state_due"),
        ),
        migrations.AddIndex(
            model_name="noticedigest",
            index=models.Index(fields=["created_at"], name="digest_created"),
        ),
        migrations.AddIndex(
            model_name="organization",
            index=models.Index(fields=["owner", "name"], name="organization_owner_name"),
        ),
        migrations.AddIndex(
            model_name="organization",
            index=models.Index(fields=["sync_state", "next_sync_at"], name="organization_sync"),
        ),
        migrations.AddIndex(
            model_name="organizationmember",
            index=models.Index(fields=["organization", "parent_id", "kind", "name"], name="member_of_parent"),
        ),
        migrations.AddIndex(
            model_name="organizationmember",
            index=models.Index(fields=["organization", "kind", "state"], name="member_state"),
        ),
        migrations.AddIndex(
            model_name="organizationmember",
            index=models.Index(fields=["account"], name="member_account"),
        ),
        migrations.AddConstraint(
            model_name="organizationmember",
            constraint=models.UniqueConstraint(fields=("organization", "node_id"), name="one_member_per_node"),
        ),
        migrations.AddIndex(
            model_name="ratecounter",
            index=models.Index(fields=["expires_at"], name="api_rate_expires"),
        ),
        migrations.AddIndex(
            model_name="cloudcredential",
            index=models.Index(fields=["previous_until"], name="credential_previous_until"),
        ),
        migrations.AddIndex(
            model_name="cloudcredential",
            index=models.Index(fields=["staged_at"], name="credential_staged_at"),
        ),
    ]
