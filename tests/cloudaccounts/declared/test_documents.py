"""Files of the registry: types by the schema, lines of what is wrong, and secrets as references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cloudaccounts.declared import references
from cloudaccounts.declared.documents import read_yaml
from cloudaccounts.declared.schema import problems
from cloudaccounts.declared.sections import file_schema
from cloudaccounts.errors import InputError
from cloudaccounts.imports.parser import FileRefusedError

SCHEMA = file_schema()


def test_what_a_scalar_is_its_place_says() -> None:
    document = read_yaml(
        b"version: 1\ngroups:\n- name: no\n  parent: ~\n- name: 2026-11-30\naccounts:\n"
        b"- {provider: aws, account_id: 012345670123}\norganizations:\n- account: aws/1\n"
        b"  rules: [{under: root, environment: dev, auto: True, regions: all}]\nschedules:\n",
        SCHEMA,
    )
    assert document.data == {
        "version": 1,
        "groups": [{"name": "no", "parent": None}, {"name": "2026-11-30"}],
        "accounts": [{"provider": "aws", "account_id": "012345670123"}],
        "organizations": [
            {"account": "aws/1", "rules": [{"under": "root", "environment": "dev", "auto": True, "regions": "all"}]}
        ],
        "schedules": [],
    }
    assert problems(SCHEMA, document.data) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"groups: &a [{name: x}]\naccounts: *a\n", "aliases"),
        (b"groups: [{name: x, name: y}]\n", "twice"),
        (b"- a list\n", "mapping of sections"),
        (b"groups: [\n", "not YAML"),
        (b"groups: " + b"[" * 60 + b"]" * 60, "nested too deeply"),
        (b"x" * (2 * 1024 * 1024 + 1), "up to 2 MB"),
        (b"? [a]\n: b\n", "a list or a mapping"),
    ],
)
def test_what_cannot_be_read_is_refused(text: bytes, told: str) -> None:
    with pytest.raises(FileRefusedError, match=told):
        read_yaml(text, SCHEMA)


def test_what_is_wrong_is_told_with_its_line_and_without_its_value() -> None:
    text = b"""version: 1
accounts:
- provider: aws
  account_id: '1'
  environment: hunter2
- provider: aws
  colour: red
"""
    document = read_yaml(text, SCHEMA)
    told = document.located(InputError(problems(SCHEMA, document.data))).fields
    assert told["accounts[0].environment"] == "line 5: Choose one of production, staging, dev."
    assert told["accounts[1].colour"].startswith("line 7: There is no such field.")
    assert told["accounts[1]"] == "line 6: “account_id” is missing."
    assert "hunter2" not in str(told)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"accounts": {}}, "accounts"),
        ({"colours": []}, "colours"),
        ({"version": 2}, "version"),
        ({"groups": [{"name": " "}]}, "groups[0].name"),
        ({"groups": [{"name": "a\x00"}]}, "groups[0].name"),
        ({"accounts": [{"provider": "aws", "account_id": "1", "regions": "some"}]}, "accounts[0].regions"),
        ({"accounts": [{"provider": "aws", "account_id": "1", "credentials": {"a": 1}}]}, "accounts[0].credentials.a"),
        ({"organizations": [{"account": "aws"}]}, "organizations[0].account"),
    ],
)
def test_the_schema_refuses_by_path(data: dict[str, object], path: str) -> None:
    assert set(problems(SCHEMA, data)) == {path}


def test_secrets_are_resolved_and_nothing_else_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> None:
    monkeypatch.setenv("PAYMENTS_TOKEN", "open sesame")
    settings.APPLY_SECRETS_DIR = str(tmp_path / "secrets")
    (tmp_path / "secrets" / "team").mkdir(parents=True)
    (tmp_path / "secrets" / "team" / "key.json").write_text("{}\n")
    (tmp_path / "outside").write_text("x")
    (tmp_path / "secrets" / "link").symlink_to(tmp_path / "outside")
    entry = {"credentials": {"a": "env:PAYMENTS_TOKEN", "b": "file:team/key.json", "c": "env:left as it is"}}
    places = [("credentials", "a"), ("credentials", "b"), ("credentials", "absent")]
    assert references.resolved(entry, places)["credentials"] == {
        "a": "open sesame", "b": "{}", "c": "env:left as it is",
    }  # fmt: skip
    for refused in (
        "file:../outside", "file:link", "file:/etc/passwd", "file:team", "file:nothing", "file:.hidden", "file:",
        "env:SECRET_KEY", "env:CREDENTIAL_ENCRYPTION_KEYS_FILE", "env:CLOUD_SECURITY_DATABASE_URL", "env:a b",
        "env:NOT_SET_ANYWHERE", "in clear",
    ):  # fmt: skip
        with pytest.raises(InputError):
            references.resolved({"credentials": {"a": refused}}, [("credentials", "a")])


def test_over_http_references_are_found_wherever_they_stand() -> None:
    data = {"accounts": [{"credentials": {"token": "env:SECRET_KEY"}}, {"name": "file:x"}], "groups": [{"name": "ok"}]}
    assert set(references.references_in(data)) == {"accounts[0].credentials.token", "accounts[1].name"}
