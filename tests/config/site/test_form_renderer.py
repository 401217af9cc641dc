"""Selects are made without a template, and are what Django's own makes of the same fields."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from config.site.form_renderer import FormRenderer

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00\r\n\t\x0b\x0c"), max_size=12)
CHOICES = st.lists(st.tuples(TEXT, TEXT | st.tuples(st.tuples(TEXT, TEXT))), max_size=6)


def both(widget: forms.Select | forms.CheckboxSelectMultiple, value: Any, attrs: dict[str, Any]) -> tuple[str, str]:
    ours, theirs = (widget.render("a<b", value, attrs, renderer) for renderer in (FormRenderer(), TemplatesSetting()))
    return tuple(re.sub(r">\s*<", "><", text).strip() for text in (ours, theirs))  # type: ignore[return-value]


@given(CHOICES, TEXT, st.booleans())
def test_a_select_is_what_django_makes_of_it(choices: list[Any], value: str, disabled: bool) -> None:
    attrs = {"id": 'id_"x', "disabled": disabled, "hx-get": "/a/?b&c"}
    ours, theirs = both(forms.Select(choices=choices), value, attrs)
    assert ours == theirs


@given(CHOICES, TEXT, st.sampled_from(["", "id_x", 'a"b']))
def test_a_list_of_boxes_is_what_django_makes_of_it(choices: list[Any], value: str, key: str) -> None:
    ours, theirs = both(forms.CheckboxSelectMultiple(choices=choices), [value], {"id": key, "class": "a&b"})
    assert re.sub(r">\s+", "> ", ours) == re.sub(r">\s+", "> ", theirs)


@pytest.mark.parametrize("value", [None, "", 1, True, "a&b"])
def test_values_that_are_no_text(value: Any) -> None:
    choices = [(None, "None"), (1, mark_safe("<b>One</b>")), ("a&b", "A & B"), (True, "Yes")]
    ours, theirs = both(forms.SelectMultiple(choices=choices), [value], {})
    assert ours == theirs
    ours, theirs = both(forms.NullBooleanSelect(), value, {"required": True})
    assert ours == theirs


def test_an_option_with_a_template_of_its_own_keeps_it() -> None:
    class Own(forms.Select):
        option_template_name = "django/forms/widgets/multiple_input.html"

    ours, theirs = both(Own(choices=[("a", "A")]), "a", {})
    assert ours == theirs


@pytest.mark.parametrize("kind", [forms.Select, forms.CheckboxSelectMultiple])
def test_a_thousand_options_cost_a_page_little(kind: type[forms.Select]) -> None:
    widget = kind(choices=[(str(number), f"group {number}") for number in range(1_000)])
    taken = []
    for _ in range(5):
        began = time.process_time()
        widget.render("group", "7", {}, FormRenderer())
        taken.append(time.process_time() - began)
    assert min(taken) < 0.03
