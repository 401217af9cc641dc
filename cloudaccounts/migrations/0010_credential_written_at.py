import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cloudaccounts", "0009_transfer_permission")]

    operations = [
        migrations.AddField(
            model_name="cloudcredential",
            name="written_at",
            field=models.DateTimeField(auto_now=True, default=django.utils.timezone.now),
            preserve_default=False,
        ),
    ]
