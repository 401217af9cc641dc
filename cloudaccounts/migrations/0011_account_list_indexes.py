from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cloudaccounts", "0010_credential_written_at"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="cloudaccount",
            name="account_owner_age",
        ),
        migrations.RemoveIndex(
            model_name="cloudaccount",
            name="account_age",
        ),
        migrations.RemoveIndex(
            model_name="cloudaccount",
            name="account_owner_name_id",
        ),
        migrations.RemoveIndex(
            model_name="cloudaccount",
            name="account_name",
        ),
        migrations.RemoveIndex(
            model_name="cloudaccount",
            name="account_status_name",
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
            index=models.Index(fields=["owner", "last_checked_at", "id"], name="account_owner_checked"),
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
            index=models.Index(fields=["status", "name", "id"], name="account_status_list"),
        ),
    ]
