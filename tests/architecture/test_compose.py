"""The containers: nothing as root, nothing without a password, nothing that changes by itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from config.env import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
STORES = ("postgres", "mongo", "redis")


@pytest.mark.parametrize("name", SERVICES)
def test_each_container_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert ("build" in service) or service["user"] == {"mongo": "mongodb"}.get(name, name)


@pytest.mark.parametrize("name", STORES)
def test_each_store_is_pinned_and_published_to_nobody(name: str) -> None:
    assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?", SERVICES[name]["image"])
    assert "ports" not in SERVICES[name]


def test_what_is_published_is_published_to_this_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published == ["127.0.0.1:8000:8000"]


def test_every_store_asks_for_a_password_that_no_file_holds() -> None:
    environment = SERVICES["web"]["environment"]
    urls = [value for name, value in environment.items() if name.endswith("_URL")]
    assert len(urls) == 4
    for url in urls:
        assert re.search(r"://\w*:\$\{[A-Z]+_PASSWORD:\?set it in the environment\}@", url), url
    text = (ROOT / "compose.yaml").read_text()
    assert SERVICES["mongo"]["environment"]["MONGO_INITDB_ROOT_PASSWORD"].startswith("${MONGO_PASSWORD:?")
    assert "--requirepass" in str(SERVICES["redis"]["command"])
    assert not re.search(r"PASSWORD: (?!\$\{)", text)


def test_the_health_of_the_web_server_is_whether_it_is_ready() -> None:
    assert "/readyz" in str(SERVICES["web"]["healthcheck"]["test"])
    assert all("healthcheck" in service for service in SERVICES.values())


def test_the_image_is_built_from_a_pinned_one() -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert bases
    assert all(re.fullmatch(r"python:3\.\d+\.\d+-slim", base) for base in bases)
