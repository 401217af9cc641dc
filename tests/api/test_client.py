"""A typed Python client is generated from openapi.json, and a journey is made with it."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from config.api.assembly import description
from tests.api.conftest import Caller
from tests.conftest import ALL_DATABASES

pytestmark = [pytest.mark.django_db(databases=ALL_DATABASES), pytest.mark.slow, pytest.mark.timeout(300)]
PACKAGE = "cloud_accounts_client"


@pytest.fixture
def package(tmp_path: Path) -> Iterator[str]:
    """The generated package, on the path for the length of a test. Generating warns of nothing that it leaves out."""
    from openapi_python_client import generate
    from openapi_python_client.config import Config, ConfigFile, MetaType

    source = tmp_path / "openapi.json"
    source.write_text(json.dumps(description()))
    config = Config.from_sources(
        ConfigFile(package_name_override=PACKAGE, post_hooks=[]),
        meta_type=MetaType.NONE,
        document_source=source,
        file_encoding="utf-8",
        overwrite=True,
        output_path=tmp_path / PACKAGE,
    )
    problems = generate(config=config)
    assert [error.detail for error in problems if error.level.name == "ERROR"] == []
    sys.path.insert(0, str(tmp_path))
    yield PACKAGE
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def within_the_transaction() -> Iterator[None]:
    """A server gives its connections back after each call; a test has its rows in them."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("within_the_transaction")
def test_a_journey_by_the_generated_client(package: str, alice_calls: Caller) -> None:
    """A group is made, read, changed and listed, typed on both sides; nothing here knows an address."""

    def module(name: str) -> Any:
        return importlib.import_module(f"{package}.{name}")

    calls = {
        operation["operationId"]: (operation["tags"][0], verb, path)
        for path, verbs in description()["paths"].items() for verb, operation in verbs.items()
    }  # fmt: skip
    client = module("client").AuthenticatedClient(base_url="http://testserver", token=alice_calls.text)
    client.set_httpx_client(
        httpx.Client(
            transport=httpx.WSGITransport(app=get_wsgi_application()),
            base_url="http://testserver",
            headers={"Authorization": f"Bearer {alice_calls.text}"},
        )
    )

    def call(verb: str, path: str) -> Any:
        key = next(key for key, (_, known, address) in calls.items() if (known, address) == (verb, f"/api/v1{path}"))
        return module(f"api.groups.{key}")

    models = module("models")
    made = call("post", "/groups/").sync(client=client, body=models.NewGroup(name="Payments"))
    assert isinstance(made, models.GroupRow)
    assert (made.name, made.size) == ("Payments", 0)
    changed = call("patch", "/groups/{group_id}").sync(
        group_id=made.id, client=client, body=models.GroupChanges(name="Cards")
    )
    assert changed.name == "Cards"
    listed = call("get", "/groups/").sync(client=client)
    assert [group.name for group in listed.items] == ["Cards"]
    refused = call("post", "/groups/").sync(client=client, body=models.NewGroup(name=""))
    assert isinstance(refused, models.Problem)
    assert refused.code == "input_invalid"
