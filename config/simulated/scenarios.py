"""What the simulated clouds offer: accounts with credentials, as their process describes them in the data folder.

That process is no part of the product, so nothing of it is imported here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.text import slugify


@dataclass(frozen=True, slots=True)
class Scenario:
    """One account, the credentials to connect it with, and what it shows."""

    cloud: str
    title: str
    account_id: str
    partition: str
    name: str
    environment: str
    regions: list[str]
    method: str
    fields: dict[str, str]
    note: str
    refused: bool  # it is there to show a refusal
    customer_step: str  # a command that plays the customer before it can be connected; names {external_id}
    afterwards: str  # the same for once it is connected

    @property
    def slug(self) -> str:
        return slugify(self.title)

    def entries(self) -> dict[str, dict[str, str | list[str]]]:
        """What a person would enter in each step of the wizard."""
        return {
            "provider": {"provider": self.cloud},
            "environment": {
                "account_id": self.account_id,
                "partition": self.partition,
                "name": self.name,
                "environment": self.environment,
                "regions": self.regions,
            },
            "authentication": {
                "method": self.method,
                **{f"{self.method}-{field}": value for field, value in self.fields.items()},
            },
        }


def read_scenarios() -> list[Scenario]:
    """In the order in which a newcomer should meet them; empty while the simulated clouds do not run."""
    file: Path | None = settings.SANDBOX_DESCRIPTION
    try:
        described: dict[str, Any] = json.loads(file.read_text()) if file else {}
    except FileNotFoundError:
        return []
    # Read from a file of another process: what it describes beyond these fields is left out.
    known = {field.name for field in fields(Scenario)}
    return [Scenario(**{name: item[name] for name in known}) for item in described.get("credentials", ())]


def find_scenario(cloud: str, slug: str) -> Scenario | None:
    return next((item for item in read_scenarios() if (item.cloud, item.slug) == (cloud, slug)), None)
