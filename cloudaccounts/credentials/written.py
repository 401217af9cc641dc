"""A stored credential as a file would name it, for `export_registry`: what is secret is named and not given."""

from __future__ import annotations

from cloudaccounts.audit.actor import Actor
from cloudaccounts.credentials import vault
from cloudaccounts.models import CloudAccount


def written_values(account: CloudAccount, *, actor: Actor) -> dict[str, str | None]:
    """Field by field, by the names that its method's form has; None for what is secret.

    Raises `CredentialsUnreadableError`. The audit says that it was opened.
    """
    opened = vault.open_credentials(account=account, actor=actor, purpose="an export of the registry")
    method = account.spec.method(account.auth_method)
    known, secret = method.form.base_fields, method.secret_fields
    return {
        name: None if name in secret else str(value) for name, value in opened.values.items() if name in known and value
    }
