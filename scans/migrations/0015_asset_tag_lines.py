from itertools import islice
from typing import Any

from django.db import migrations, models

from scans.tags import tag_lines

BATCH = 500  # assets


def fill_lines(apps: Any, schema_editor: Any) -> None:
    """Each asset's tags as text. Scans write it as well; an asset that is not read again would stay without."""
    manager = apps.get_model("scans", "Asset").objects.using(schema_editor.connection.alias)
    rows = manager.only("pk", "tags").order_by().iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        tagged = [row for row in batch if row.tags]
        for row in tagged:
            row.tag_lines = tag_lines(row.tags)
        manager.bulk_update(tagged, ["tag_lines"])


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0014_own_frameworks"),
    ]

    operations = [
        migrations.AddField(
            model_name="asset",
            name="tag_lines",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.RunPython(fill_lines, migrations.RunPython.noop),
    ]
