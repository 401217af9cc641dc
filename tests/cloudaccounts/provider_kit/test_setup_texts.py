"""Values in Terraform configurations are data, whatever they hold."""

from __future__ import annotations

from cloudaccounts.provider_kit.setup_texts import hcl_string


def test_terraform_strings_cannot_break_out() -> None:
    assert hcl_string('a"${b}%{c}\n') == r'"a\"$${b}%%{c}\n"'


def test_other_scripts_stay_readable() -> None:
    assert hcl_string("grün 😀") == '"grün 😀"'
