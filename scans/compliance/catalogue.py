"""The frameworks that the product knows, read from ``frameworks/`` once per process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:  # pydantic is loaded when a framework is read: workers and commands start without it
    from pydantic import ValidationError

    from scans.compliance.schema import Control, Framework

FOLDER = Path(__file__).parent / "frameworks"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where PyYAML was built with it: ten times as fast


class FrameworkError(ValueError):
    """A file is no framework. The message says where and why."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A control that a check is evidence for."""

    framework: Framework
    control: Control


# The files come with the release and change only with it. Not at import: workers and commands that look at no framework
# start without reading them (docs/decisions/0012).
@cache
def frameworks() -> Mapping[str, Framework]:
    """All of them by slug, in alphabetical order. Raises `FrameworkError`."""
    loaded = [read_framework(path.read_text(encoding="utf-8"), path.stem) for path in sorted(FOLDER.glob("*.yaml"))]
    return {framework.slug: framework for framework in loaded}


def find_framework(slug: str) -> Framework | None:
    return frameworks().get(slug)


def read_framework(text: str, slug: str) -> Framework:
    """One file's text. ``slug`` is the file's name without its ending, which must be the framework's own."""
    from pydantic import ValidationError

    from scans.compliance.schema import Framework

    try:
        content: Any = yaml.load(text, Loader=_Loader)  # noqa: S506 # nosec B506 # both are safe loaders
        framework = Framework.model_validate(content)
    except yaml.YAMLError as error:
        raise FrameworkError(f"{slug}: no YAML: {error}") from error
    except ValidationError as error:
        raise FrameworkError(f"{slug}: {_first_fault(error)}") from error
    # Answers and days are stored by the slug. A copied file whose slug was forgotten would take the other's place
    # below.
    if framework.slug != slug:
        raise FrameworkError(f"{slug}: the file is named otherwise than its slug {framework.slug}")
    return framework


@cache
def citations() -> Mapping[str, tuple[Citation, ...]]:
    """By check id: each control that it is evidence for."""
    return cited_by(frameworks().values())


def cited_by(chosen: Iterable[Framework]) -> Mapping[str, tuple[Citation, ...]]:
    """The same of some frameworks."""
    cited: dict[str, list[Citation]] = {}
    for framework in chosen:
        for control in framework.controls:
            for rule in control.rules:
                cited.setdefault(rule, []).append(Citation(framework, control))
    return {rule: tuple(controls) for rule, controls in cited.items()}


def citations_of(check_id: str) -> tuple[Citation, ...]:
    return citations().get(check_id, ())


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    return f"{'.'.join(str(part) for part in fault['loc']) or 'the file'}: {fault['msg']}"


def control_names(checks: Iterable[str]) -> tuple[str, ...]:
    """The controls that these checks are evidence for, with their frameworks: "CIS AWS 7.0: 2.1.4", once each."""
    cited = citations()
    names = (f"{each.framework.short}: {each.control.id}" for check in checks for each in cited.get(check, ()))
    return tuple(dict.fromkeys(names))
