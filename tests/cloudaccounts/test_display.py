"""Words for times, as pages show them; static/js/app.js has the same rules."""

from __future__ import annotations

import pytest
from django import forms

from cloudaccounts.templatetags.display import relative

DAY = 86400


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "just now"),
        (59, "59 seconds ago"),
        (61, "1 minute ago"),
        (119 * DAY, "119 days ago"),
        (1.9 * DAY, "1 day ago"),
        (-(90 * DAY - 1), "in 90 days"),
        (-(90 * DAY - 3 * 3600), "in 90 days"),
        (-(1.6 * DAY), "in 2 days"),
        (-59.8, "in 1 minute"),
        (-(3600 - 20), "in 1 hour"),
        (-(200 * DAY), "in 7 months"),
    ],
)
def test_a_time_in_words(seconds: float, words: str) -> None:
    assert relative(seconds) == words


def test_an_empty_field_is_told_what_to_do() -> None:
    class Form(forms.Form):
        text = forms.CharField()
        choice = forms.ChoiceField(choices=[("a", "A")])
        file = forms.FileField()

    said = [str(errors[0]) for errors in Form({}).errors.values()]
    assert said == ["Fill this in.", "Choose one.", "Choose a file."]
