from typing import Any

from django.db import migrations, models

from scans.compliance.packing import packed


def pack_totals(apps: Any, schema_editor: Any) -> None:
    """A row for each account that has totals. An account at a time, which has some hundred of them."""
    alias = schema_editor.connection.alias
    totals = apps.get_model("scans", "CheckTotal").objects.using(alias).order_by()
    rows = apps.get_model("scans", "AccountTotals").objects.using(alias)
    # Of the run that wrote them, and not of the account, which is of another app.
    providers = apps.get_model("scans", "ScanRun").objects.using(alias)
    for account in totals.values_list("account", flat=True).distinct():
        of_account = list(totals.filter(account=account))
        provider = providers.filter(account=account).values_list("provider", flat=True).first()
        values = packed(of_account)
        # Without any run left nobody knows the cloud; the next scan writes the row.
        if values and provider:
            rows.create(account=account, owner=of_account[0].owner, provider=provider, **values)


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0020_finding_counts_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountTotals",
            fields=[
                ("account", models.UUIDField(primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=64)),
                ("provider", models.CharField(max_length=32)),
                ("layout", models.CharField(max_length=64)),
                ("states", models.TextField()),
                ("times", models.TextField(blank=True)),
                ("ages", models.TextField(blank=True)),
                ("undecided", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("unread_places", models.JSONField(default=list)),
                ("checks", models.TextField()),
            ],
            options={
                "db_table": "account_totals",
                "indexes": [models.Index(fields=["owner"], name="account_totals_owner")],
            },
        ),
        migrations.RunPython(pack_totals, migrations.RunPython.noop),
    ]
