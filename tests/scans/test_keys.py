from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scans.keys import KEY_LENGTH, after, id_key_of, key_of


@given(st.text(max_size=60), st.integers(0, 60))
def test_what_begins_with_a_text_lies_in_its_range(text: str, length: int) -> None:
    text = text.strip().lower()
    start = key_of(text[:length].strip())
    key = key_of(text)
    assert len(key) <= KEY_LENGTH
    assert key.startswith(start) == (start <= key < after(start))


def test_case_does_not_matter() -> None:
    assert key_of("Web-Server") == key_of("WEB-server")


def test_an_identifier_is_found_by_its_last_part() -> None:
    instance = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc"
    assert id_key_of(instance) == id_key_of("i-0abc") == key_of("i-0abc")
    assert id_key_of("/subscriptions/s/resourceGroups/g/") == key_of("g")
    assert id_key_of("") == ""
