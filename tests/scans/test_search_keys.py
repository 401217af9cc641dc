from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scans.search_keys import KEY_LENGTH, id_search_key, range_end, search_key


@given(st.text(max_size=60), st.integers(0, 60))
def test_what_begins_with_a_text_lies_in_its_range(text: str, length: int) -> None:
    text = text.strip().lower()
    start = search_key(text[:length].strip())
    key = search_key(text)
    assert len(key) <= KEY_LENGTH
    assert key.startswith(start) == (start <= key < range_end(start))


def test_case_does_not_matter() -> None:
    assert search_key("Web-Server") == search_key("WEB-server")


def test_an_identifier_is_found_by_its_last_part() -> None:
    instance = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc"
    assert id_search_key(instance) == id_search_key("i-0abc") == search_key("i-0abc")
    assert id_search_key("/subscriptions/s/resourceGroups/g/") == search_key("g")
    assert id_search_key("") == ""
