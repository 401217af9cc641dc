"""What people paste: cleaned where that is safe, refused with an explanation where it is not."""

from __future__ import annotations

import pytest

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.pasted_text import clean_single_value


def clean(raw: str) -> str:
    return clean_single_value(raw, "value_invalid", longest=10, company="Toys", source="the toy shop")


def test_white_space_around_is_removed() -> None:
    assert clean("  abc\n") == "abc"
    assert clean("\ufeffabc") == clean(" \ufeff abc") == "abc"  # a byte order mark, of a file that was copied whole


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("'abc'", "quotation marks"),
        ("“abc", "quotation marks"),
        ("a\nb", "more than one line"),
        ("abc\u200b", "Toys never uses"),
        ("abс", "Toys never uses"),  # a Cyrillic letter
        ("a" * 11, "too long"),
        ("a" * 2000, "far too long"),
        (" " * 2000, "far too long"),
    ],
)
def test_slips_are_explained(raw: str, part: str) -> None:
    with pytest.raises(ProviderError) as caught:
        clean(raw)
    assert caught.value.code == "value_invalid"
    assert part in caught.value.cause


def test_the_input_is_never_repeated() -> None:
    with pytest.raises(ProviderError) as caught:
        clean("s3cr3t-s3cr3t")
    assert "s3cr3t" not in f"{caught.value.cause} {caught.value.remedy}"
