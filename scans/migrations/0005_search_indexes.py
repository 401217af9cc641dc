from django.db import migrations

from scans.search_index import SearchIndexes


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0004_coverage"),
    ]

    operations = [SearchIndexes()]
