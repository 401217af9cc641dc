from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cloudaccounts import registry
from cloudaccounts.accounts.enabled_checks import enabled_checks, switched_off
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.management.teams import add_team_options, chosen_team


class Command(BaseCommand):
    help = "The smallest policy (AWS), custom role (Azure), role or roles (Google Cloud) that checks need, as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--provider", required=True, choices=[spec.key for spec in registry.all_providers()])
        parser.add_argument("--checks", nargs="+", default=[], metavar="ID", help="ids, also with commas; default: all")
        add_team_options(parser, about="without --checks, the checks that this team has switched on")
        parser.add_argument("--whole", action="store_true", help="also what lists services that no check is about")
        parser.add_argument("--regions", nargs="+", default=[], metavar="REGION", help="AWS: in these regions only")
        parser.add_argument("--account-id", default="", help="Azure: the subscription that the role is of")
        parser.add_argument("--method", default="", help="Google Cloud: the method of authentication")

    def handle(self, *args: Any, **options: Any) -> None:
        provider = registry.get(options["provider"])
        known = {check.id: check for check in provider.posture_checks()}
        names = [name for value in options["checks"] for name in value.split(",") if name]
        if unknown := [name for name in names if name not in known]:
            raise CommandError(f"{provider.short_label} has no check {unknown[0]!r}. Exports of findings name them.")
        team = chosen_team(options)
        off = switched_off(team) if team else frozenset()
        regions = {region.name for place in provider.partitions() for region in provider.regions(place.value)}
        if unknown := sorted(set(options["regions"]) - regions):
            raise CommandError(f"{provider.short_label} has no region {unknown[0]!r}.")
        try:
            account_id = provider.clean_account_id(options["account_id"]) if options["account_id"] else ""
        except ProviderError as error:
            raise CommandError(f"{error.cause} {error.remedy}".strip()) from None
        smallest = provider.least_privilege(
            [known[name] for name in names] if names else enabled_checks(provider, off),
            account_id=account_id, method=options["method"], regions=options["regions"], whole=options["whole"],
        )  # fmt: skip
        if smallest is None:
            raise CommandError(f"{provider.short_label} does not say what its checks need.")
        self.stdout.write(json.dumps(smallest.document, indent=2))
