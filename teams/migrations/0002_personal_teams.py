"""Each user gets a personal team whose key is the user's number: rows that name it as their owner stay as they are."""

from typing import Any

from django.db import migrations

BATCH = 500


def make_personal_teams(apps: Any, schema_editor: Any) -> None:
    alias = schema_editor.connection.alias
    User = apps.get_model("auth", "User")
    Team = apps.get_model("teams", "Team")
    Membership = apps.get_model("teams", "Membership")
    last = 0
    while users := list(User.objects.using(alias).filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = users[-1].pk
        teams = [Team(key=str(user.pk), name=user.username, personal=True) for user in users]
        # Repeated after a kill: what is there stays.
        Team.objects.using(alias).bulk_create(teams, ignore_conflicts=True)
        members = [Membership(team_id=str(user.pk), user_id=user.pk, role="owner") for user in users]
        Membership.objects.using(alias).bulk_create(members, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0001_teams"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(make_personal_teams, migrations.RunPython.noop)]
