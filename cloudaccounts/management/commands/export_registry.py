from __future__ import annotations

import json
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.exports import record_export
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.declared.exporting import as_yaml, export_registry
from cloudaccounts.declared.sections import file_schema
from cloudaccounts.management.teams import add_team_options, only_team


class Command(BaseCommand):
    help = (
        "Prints a team's registry as the YAML that `apply` takes. Secrets are not in it: each is named as env:NAME. "
        "Applied to an empty team it makes the same."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_team_options(parser, about="whose registry it is")
        parser.add_argument("--schema", action="store_true", help="print the JSON Schema of such files instead")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["schema"]:
            self.stdout.write(json.dumps(file_schema(), indent=2, ensure_ascii=False))
            return
        owner = only_team(options)
        actor = Actor("system", f"export_registry ({os.environ.get('USER', 'command')})", "command")
        # Before anything is read: an export that breaks off was taken as well.
        record_export(actor=actor, owner=owner, what="the registry", format="yaml")
        try:
            content = export_registry(owner, actor=actor)
        except ProviderError as error:
            raise CommandError(f"{error.cause} {error.remedy}".strip()) from None
        self.stdout.write(as_yaml(content), ending="")
