"""Bodies that the description of the API shows. Secrets are those of the clouds' documentation."""

from __future__ import annotations

from typing import Any

PROVIDER = "aws"
_ROLE: dict[str, Any] = {
    "provider": PROVIDER,
    "account_id": "111122223333",
    "name": "data-platform",
    "environment": "production",
    "regions": "all",
    "auth_method": "cross_account_role",
    "credentials": {"role_arn": "arn:aws:iam::111122223333:role/CloudAccountsReader"},
}
_KEYS: dict[str, str] = {
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
    "access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}
NEW_ACCOUNTS: dict[str, Any] = {
    "AWS, by a role": _ROLE,
    "AWS, by access keys": {
        **_ROLE,
        "account_id": "444455556666",
        "name": "payments",
        "regions": ["us-east-1", "eu-west-1"],
        "auth_method": "access_keys",
        "credentials": _KEYS,
    },
    "Azure, by a client secret": {
        "provider": "azure",
        "account_id": "11111111-2222-3333-4444-555555555555",
        "name": "shop",
        "environment": "staging",
        "regions": "all",
        "auth_method": "client_secret",
        "credentials": {
            "tenant_id": "22222222-3333-4444-5555-666666666666",
            "client_id": "33333333-4444-5555-6666-777777777777",
            "client_secret": "abc8Q~placeholder-of-forty-characters-0123",
        },
    },
    "Google Cloud, by impersonation": {
        "provider": "gcp",
        "account_id": "meadowlark-shop",
        "name": "shop",
        "environment": "dev",
        "regions": "all",
        "auth_method": "impersonation",
        "credentials": {"service_account_email": "reader@meadowlark-shop.iam.gserviceaccount.com"},
    },
}
NEW_CREDENTIALS: dict[str, Any] = {
    "New keys of the same kind": {"credentials": _KEYS},
    "Another method": {"auth_method": "cross_account_role", "credentials": _ROLE["credentials"]},
}
FILE: dict[str, Any] = {
    "version": 1,
    "groups": [{"name": "Finance"}, {"name": "Payments", "parent": "Finance"}],
}
ACCOUNT_CHANGES: dict[str, Any] = {
    "Another name and environment": {"name": "payments-prod", "environment": "production"},
    "Out of all groups": {"groups": []},
}
