from __future__ import annotations

import re
from pathlib import Path

from tests.journeys.person import Person
from tests.servers import rows


def files_of(folder: Path) -> list[Path]:
    """All that the product keeps; not the simulated clouds, which have to know their own keys."""
    return [path for path in folder.rglob("*") if path.is_file() and "clouds" not in path.parts]


def test_no_secret_lies_in_clear_in_any_file_or_line_of_the_log(person: Person) -> None:
    """A fresh key, so that nothing else can have printed it: onboarded, scanned, checked again."""
    key = person.stack.control.put_user(
        "111122223333", "journey-secrets", policies=["SecurityAudit", "job-function/ViewOnlyAccess"]
    )
    secret = key["secret_access_key"]
    person.to_authentication({"account_id": "111122223333"}, "journey-secrets")
    person.give_keys({"access_key_id": key["access_key_id"], "secret_access_key": secret[::-1]})
    person.wait_for_verdict()
    person.press("Back")
    person.page.get_by_label("Secret access key").fill(secret)
    person.press("Continue to validation")
    person.wait_for_verdict()
    person.finish()
    person.sees(re.compile("completed"))
    person.press("Check access")
    person.sees(re.compile("validated"))
    kept = files_of(person.stack.folder / "data")
    on_a_server = [row for url in person.stack.databases.values() if url for row in rows(url)]
    assert any("journey-secrets" in row for row in on_a_server) or any(
        path.name.startswith("cloud_security") for path in kept
    )
    for row in on_a_server:
        assert secret not in row
        assert secret[::-1] not in row
    for path in kept:
        content = path.read_bytes()
        assert secret.encode() not in content, path
        assert secret[::-1].encode() not in content, path
    assert secret not in person.stack.output()
    assert secret[::-1] not in person.stack.output()
    # The database files and keys are their owner's alone.
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept if "static" not in path.parts)
