from django.db import migrations

from scans.search_index import SearchIndexes


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0003_finding_evidence"),
    ]

    operations = [SearchIndexes()]
