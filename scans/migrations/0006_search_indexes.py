from django.db import migrations

from scans.search_index import SearchIndexes


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0005_check_total_read_at"),
    ]

    operations = [SearchIndexes()]
