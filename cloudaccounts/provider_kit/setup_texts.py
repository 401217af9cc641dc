"""Quoting for the scripts and configurations of set-up guides."""

from __future__ import annotations

import json


def hcl_string(text: str) -> str:
    """A quoted string of HCL, Terraform's language.

    JSON's escapes are HCL's, except that HCL knows no surrogate pairs, so other scripts are written as they are. The
    markers of templates are doubled: ``${`` would be evaluated otherwise.
    https://developer.hashicorp.com/terraform/language/expressions/strings
    """
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
