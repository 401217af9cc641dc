from itertools import islice
from typing import Any

from django.db import migrations, models

BATCH = 500  # jobs


def hide_from_guests(apps: Any, schema_editor: Any) -> None:
    """Jobs over accounts of all owners, which operators have started: they are theirs alone.

    Of the team's own person and not of the actor: a guest of that team may have repeated one.
    """
    jobs = apps.get_model("cloudaccounts", "Job").objects.using(schema_editor.connection.alias)
    # Looked at here: what JSON holds is asked in no way that is the same on all databases.
    rows = jobs.only("pk", "owner", "options").order_by().iterator(chunk_size=BATCH)
    found = (row for row in rows if row.options.get("of_all_owners"))
    while batch := list(islice(found, BATCH)):
        for row in batch:
            row.private_to = row.owner
        jobs.bulk_update(batch, ["private_to"])


class Migration(migrations.Migration):
    dependencies = [
        ("cloudaccounts", "0028_sealed_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="private_to",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.RunPython(hide_from_guests, migrations.RunPython.noop),
    ]
