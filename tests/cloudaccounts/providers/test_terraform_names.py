"""Each argument and block in the Terraform of our remediation is one that the provider's documentation has.

`terraform_names.json` holds the names that were looked up, and where; a name that is not there has to be looked up
before it is used. ``not_read`` are names in use whose page was in no copy that could be read: none may join them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import hcl2
import pytest

from cloudaccounts.provider_kit.remediation import PLACEHOLDER
from cloudaccounts.providers.aws.checks.terraform import SNIPPETS as AWS
from cloudaccounts.providers.azure.checks.terraform import SNIPPETS as AZURE
from cloudaccounts.providers.gcp.checks.terraform import SNIPPETS as GCP

NAMES = json.loads((Path(__file__).parent / "terraform_names.json").read_text())["providers"]
SNIPPETS = {"aws": AWS, "azurerm": AZURE, "google": GCP}
NOT_READ = 10


def used(snippets: Mapping[str, str]) -> dict[str, set[str]]:
    """By resource: ``rule.apply_server_side_encryption_by_default.sse_algorithm`` …"""
    names: dict[str, set[str]] = defaultdict(set)
    for snippet in snippets.values():
        for resource in hcl2.loads(PLACEHOLDER.sub('"x"', snippet))["resource"]:
            for kind, bodies in resource.items():
                for body in bodies.values():
                    names[kind.strip('"')].update(paths(body))
    return names


def paths(body: Any, above: str = "") -> Iterator[str]:
    for name, value in body.items():
        if str(name).startswith("__"):
            continue
        yield f"{above}{name}"
        # A block is a list of objects; an object alone is a map, whose keys are data.
        for inner in value if isinstance(value, list) else ():
            if isinstance(inner, dict):
                yield from paths(inner, f"{above}{name}.")


@pytest.mark.parametrize("provider", SNIPPETS)
def test_each_name_is_of_the_documentation(provider: str) -> None:
    known = {
        kind: {*names, *NAMES[provider]["not_read"].get(kind, ())}
        for kind, names in NAMES[provider]["resources"].items()
    }
    found = used(SNIPPETS[provider])
    assert {
        kind: names - known.get(kind, set()) for kind, names in found.items() if names - known.get(kind, set())
    } == {}
    assert {
        kind: names - found.get(kind, set()) for kind, names in known.items() if names - found.get(kind, set())
    } == {}


def test_names_that_nobody_looked_up_become_fewer() -> None:
    assert sum(len(names) for one in NAMES.values() for names in one["not_read"].values()) <= NOT_READ
