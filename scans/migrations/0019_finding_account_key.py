from typing import Any

from django.db import migrations

import teams.names


def write_keys(apps: Any, schema_editor: Any) -> None:
    """An account at a time: all of its findings have its name, or the one from before a change that is under way."""
    rows = apps.get_model("scans", "Finding").objects.using(schema_editor.connection.alias).order_by()
    for account, name in rows.values_list("account", "account_name").distinct():
        rows.filter(account=account, account_name=name).update(account_key=teams.names.name_key(name))


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0018_finding_tag_sets"),
    ]

    operations = [
        migrations.AddField(
            model_name="finding",
            name="account_key",
            field=teams.names.NameKeyField(of="account_name"),
        ),
        migrations.RunPython(write_keys, migrations.RunPython.noop),
    ]
