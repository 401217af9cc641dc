"""A row in each table of our own apps, with a value in each column."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.apps.registry import Apps
from django.db import models

from cloudaccounts.crypto.fields import Sealed, SealedField
from config.editions import APPS

VALUES: dict[type[models.Field[Any, Any]], Any] = {
    models.BooleanField: True,
    models.DateTimeField: datetime(2026, 3, 1, 12, tzinfo=UTC),  # a DateField too, hence before it
    models.DateField: date(2026, 3, 1),
    models.IntegerField: 7,
    models.JSONField: {"name": "Überblick", "regions": ["eu-west-1", None, 3]},
}


def filled(apps: Apps, each: int = 2) -> list[models.Model]:
    """All rows that were made, in the order of their making. ``apps`` has the models as they are, or were."""
    rows: list[models.Model] = []
    for app in APPS:
        for model in apps.all_models[app].values():
            rows += [_row(model, rows, number) for number in range(each)]
    return rows


def _row(model: type[models.Model], rows: list[models.Model], number: int) -> models.Model:
    key = uuid4()
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, models.OneToOneField | models.ForeignKey):
            values[field.name] = [row for row in rows if isinstance(row, field.related_model)][number]
        else:
            values[field.name] = _value(field, key, number)
    return model._base_manager.create(**values)


def _value(field: models.Field[Any, Any], key: UUID, number: int) -> Any:
    if isinstance(field, models.UUIDField):
        return key if field.primary_key else uuid4()
    if isinstance(field, SealedField):
        return Sealed.seal({"secret": f"of {key}"}, bound_to=key)
    if isinstance(field, models.CharField | models.TextField):
        return f"{number} {field.name} Ω"[: field.max_length]
    return next(value for kind, value in VALUES.items() if isinstance(field, kind))
