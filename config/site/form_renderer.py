"""One accessible field template for all forms, and selects that cost what their options are long.

Django renders each option by two templates of its own: a list of a team's thousand groups, which stands in the filters
of most lists, took 80 ms of a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

SELECT = "django/forms/widgets/select.html"
OPTION = "django/forms/widgets/select_option.html"
BOXES = "django/forms/widgets/checkbox_select.html"
BOX = "django/forms/widgets/checkbox_option.html"


class FormRenderer(TemplatesSetting):
    field_template_name = "forms/field.html"

    def render(self, template_name: str, context: Mapping[str, Any], request: HttpRequest | None = None) -> str:
        if template_name == SELECT and _is_plain(context["widget"], OPTION):
            return _select(context["widget"])
        if template_name == BOXES and _is_plain(context["widget"], BOX):
            return _boxes(context["widget"])
        return super().render(template_name, dict(context), request)


def _is_plain(widget: Mapping[str, Any], template: str) -> bool:
    return all(option["template_name"] == template for _, options, _ in widget["optgroups"] for option in options)


def _select(widget: Mapping[str, Any]) -> SafeString:
    """As Django's own template has it; `get_context` of the widget says what stands in it."""
    parts = [f'<select name="{escape(widget["name"])}"{_attributes(widget["attrs"])}>']
    for group, options, _ in widget["optgroups"]:
        if group:
            parts.append(f'<optgroup label="{_shown(group)}">')
        parts += [
            f'<option value="{escape(str(option["value"]))}"{_attributes(option["attrs"])}>'
            f"{_shown(option['label'])}</option>"
            for option in options
        ]
        if group:
            parts.append("</optgroup>")
    parts.append("</select>")
    return mark_safe("\n".join(parts))  # noqa: S308 # nosec B308 B703 # each part is escaped


def _boxes(widget: Mapping[str, Any]) -> SafeString:
    attributes = {name: widget["attrs"].get(name) for name in ("id", "class") if widget["attrs"].get(name)}
    parts = [f"<div{_attributes(attributes)}>"]
    for group, options, _ in widget["optgroups"]:
        if group:
            parts.append(f"<div><label>{_shown(group)}</label>")
        parts += [f"<div>{_box(option)}</div>" for option in options]
        if group:
            parts.append("</div>")
    parts.append("</div>")
    return mark_safe("\n".join(parts))  # noqa: S308 # nosec B308 B703 # each part is escaped


def _box(option: Mapping[str, Any]) -> str:
    named = f' type="{escape(option["type"])}" name="{escape(option["name"])}"'
    value = "" if option["value"] is None else f' value="{escape(str(option["value"]))}"'
    box = f"<input{named}{value}{_attributes(option['attrs'])}>"
    if not option.get("wrap_label"):
        return box
    key = option["attrs"].get("id")
    target = f' for="{escape(str(key))}"' if key else ""
    return f"<label{target}>\n    {box}\n {_shown(option['label'])}</label>"


def _shown(text: Any) -> str:
    # Django's `conditional_escape` looks for lazy texts first, which costs more than the escaping.
    return str(text.__html__()) if hasattr(text, "__html__") else escape(str(text))


def _attributes(attributes: Mapping[str, Any]) -> str:
    return "".join(
        f" {name}" if value is True else f' {name}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not False
    )
