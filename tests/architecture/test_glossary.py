"""Pages, the API, commands, messages and documents use the words of docs/glossary.md."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.architecture import glossary

WORDS = glossary.forbidden_words(glossary.GLOSSARY.read_text())


def test_no_text_uses_a_word_that_the_glossary_rules_out() -> None:
    assert [line for place, text in glossary.all_texts() for line in glossary.violations(place, text, WORDS)] == []


def test_it_looks_at_every_kind_of_text() -> None:
    places = {place for place, _ in glossary.all_texts()}
    assert {"README.md", "docs/operations.md", "templates/base.html", "scans/findings/views.py"} <= places
    assert {"the API's description", "manage.py rotation_report", "static/js/app.js"} <= places
    assert len(WORDS) > 10


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("mend", "How to mend it"),
        ("mend", "It is mended."),
        ("set aside", "Set aside"),
        ("set aside", "setting them aside"),
        ("judge", "Scans are judging it"),
        ("judgement", "12 judgements"),
        ("unit", "3 of 7 units"),
        ("by itself", "It starts by\n  itself."),
    ],
)
def test_each_form_of_a_word_is_found(word: str, text: str) -> None:
    assert list(glossary.violations("somewhere", text, {word: WORDS[word]}))


@pytest.mark.parametrize("text", ["amendment", "in the United States", "a community", "opportunities"])
def test_other_words_are_left_alone(text: str) -> None:
    assert not list(glossary.violations("somewhere", text, WORDS))


@pytest.mark.parametrize(
    "template",
    [
        "<p>Mend it</p>",
        "<p>mend {{ account.name }}</p>",
        '<button title="What mends it">?</button>',
        '<input placeholder="mend">',
        '{% pill "failed" "to mend" %}',
        '{% include "parts/no_worker.html" with what="the mending" %}',
    ],
)
def test_a_word_planted_in_a_template_is_found(template: str) -> None:
    assert _found(glossary.template_texts(template))


@pytest.mark.parametrize(
    "template",
    [
        '<p id="mend" class="mend" data-copy-from="#mend">{{ report.mending }}</p>',
        "{% if mend %}yes{% endif %}",
        "{% url 'mend' account.pk %}",
        "{# mend #}",
        '{% if row.state == "mend" %}yes{% endif %}',
    ],
)
def test_names_in_a_template_are_no_texts(template: str) -> None:
    assert not _found(glossary.template_texts(template))


@pytest.mark.parametrize("source", ['raise ValueError("Mend it.")', 'label = "Mend"', 'f"{name} is to be mended"'])
def test_a_word_planted_in_a_message_is_found(source: str) -> None:
    assert _found(glossary.source_texts(source))


@pytest.mark.parametrize("source", ['"""Mend it now."""', 'key = {"mend": 1}', "def mend(): pass", "# mend it"])
def test_names_and_docstrings_are_no_texts(source: str) -> None:
    assert not _found(glossary.source_texts(source))


def test_a_word_planted_in_a_document_is_found_and_code_is_left_out() -> None:
    assert _found(glossary.document_texts("How to mend it."))
    assert not _found(glossary.document_texts("Run `mend` or\n```\nmend\n```\nsee [this](mend.md)."))


def _found(texts: Iterable[str]) -> list[str]:
    return [line for text in texts for line in glossary.violations("somewhere", text, WORDS)]
