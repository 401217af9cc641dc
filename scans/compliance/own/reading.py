"""Reads a framework that a team wrote: YAML from strangers, so by an allow-list and within bounds.

The loader constructs nothing, refuses aliases and tags of its own kinds, and texts stay as they stand: an unquoted 1.10
is no number here. What is wrong is told with its line, at most `cloudaccounts.declared.schema.MOST_PROBLEMS` at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, ValidationError

from cloudaccounts import registry
from cloudaccounts.declared.documents import Document, read_yaml
from cloudaccounts.declared.schema import problems
from cloudaccounts.errors import InputError
from scans.compliance.own.schema import LARGEST, SCHEMA
from scans.compliance.schema import Framework


class OwnContent(Framework):
    """As the product's own, but its source may be nobody's page."""

    source: Annotated[str, Field(max_length=300, pattern=r"^(https://\S+)?$")] = ""


def read_own(text: str | bytes) -> OwnContent:
    """Raises `InputError` with what is wrong by path, and `FileRefusedError` for what is no YAML of ours."""
    content = text.encode() if isinstance(text, str) else text
    if len(content) > LARGEST:
        raise InputError({"file": f"This is too long: {LARGEST // 1000} KB at most."})
    document = read_yaml(content, SCHEMA)
    if wrong := problems(SCHEMA, document.data):
        raise document.located(InputError(wrong))
    return _checked(document)


def from_data(data: dict[str, Any]) -> OwnContent:
    """The same of JSON types, as the registry's files hold them; they have the shape of `SCHEMA` already."""
    return _checked(Document(data))


def stored(content: str) -> OwnContent:
    """What was read and stored before."""
    return OwnContent.model_validate_json(content)


def _checked(document: Document) -> OwnContent:
    try:
        framework = OwnContent.model_validate(document.data)
    except ValidationError as error:
        fault = error.errors()[0]
        message = str(fault["msg"]).removeprefix("Value error, ")
        raise document.located(InputError({_path(fault["loc"]): f"{message[:1].upper()}{message[1:]}."})) from None
    if wrong := dict(_unfit(framework)):
        raise document.located(InputError(wrong))
    return framework


def _unfit(framework: OwnContent) -> Iterator[tuple[str, str]]:
    """What the schema cannot know: characters that no page shows, clouds and checks that do not exist."""
    providers = {spec.key for spec in registry.all_providers()}
    if framework.provider and framework.provider not in providers:
        yield "provider", f"Choose one of {', '.join(sorted(providers))}, or leave it out for all clouds."
    for name in ("title", "short", "version", "about", "source"):
        if not getattr(framework, name).isprintable():
            yield name, "There are characters in it that no page shows."
    for number, section in enumerate(framework.sections):
        if not section.title.isprintable():
            yield f"sections[{number}].title", "There are characters in it that no page shows."
    known = {check.id: spec.key for spec in registry.all_providers() for check in spec.posture_checks()}
    for number, control in enumerate(framework.controls):
        place = f"controls[{number}]"
        if not (control.title + control.note + control.partial).isprintable():
            yield place, "There are characters in it that no page shows."
        for rank, rule in enumerate(control.rules):
            if rule not in known:
                yield f"{place}.rules[{rank}]", "There is no check of this id."
            elif framework.provider and known[rule] != framework.provider:
                yield f"{place}.rules[{rank}]", "This check is about another cloud than the framework."


def _path(place: tuple[int | str, ...]) -> str:
    """``controls[3].title``, as `Document` names lines."""
    path = ""
    for part in place:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "file"
