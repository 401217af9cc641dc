from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.signin import documents
from config.signin.models import ProviderDocument


class Command(BaseCommand):
    help = "Reads what identity providers say of themselves, as the scheduler does each hour, and says what is wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        documents.refresh(fresh=timedelta(0))
        rows = list(ProviderDocument.objects.order_by("kind"))
        if not rows:
            raise CommandError("Neither OIDC_ISSUER nor SAML_METADATA_FILE or SAML_METADATA_URL is set.")
        for row in rows:
            self.stdout.write(f"{row.source}: {row.problem or 'read'}")
        if any(row.problem for row in rows):
            raise CommandError("Single sign-on does not work as it is set up.")
