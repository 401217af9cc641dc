"""What a permission is needed for: the checks that its absence blinds, and the controls that they are evidence for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from cloudaccounts.accounts.enabled_checks import enabled_checks, switched_off
from cloudaccounts.models import CloudAccount
from cloudaccounts.registry import UnknownProviderError

NAMED = 3  # checks, and controls, in a notice; the audit event has them all

_name_controls: Callable[[Iterable[str]], Collection[str]] | None = None


def name_controls_by(name_controls: Callable[[Iterable[str]], Collection[str]]) -> None:
    """How controls of checks are found. Benchmarks belong to an app above this one, which says it as it starts."""
    global _name_controls  # once, as the app above is loaded
    _name_controls = name_controls


@dataclass(frozen=True, slots=True)
class Needed:
    checks: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()

    def sentence(self, verb: str) -> str:
        """With a blank before it: " It blinds 12 checks (…) and 3 controls (…)."; empty where no check needs it."""
        if not self.checks:
            return ""
        parts = [_counted(self.checks, "check")] + ([_counted(self.controls, "control")] if self.controls else [])
        return f" {verb} {' and '.join(parts)}."


def what_needs(account: CloudAccount, permissions: Iterable[str]) -> Needed:
    """Nothing for a provider that does not say what its checks need."""
    try:
        provider = account.spec
    except UnknownProviderError:
        return Needed()
    enabled = enabled_checks(provider, switched_off(account.owner))
    smallest = provider.least_privilege(enabled, account_id=account.account_id)
    if smallest is None:
        return Needed()
    checks = tuple(sorted({check for name in permissions for check in smallest.needed_for.get(name, ())}))
    return Needed(checks, tuple(_name_controls(checks)) if _name_controls is not None else ())


def _counted(names: Collection[str], noun: str) -> str:
    shown = ", ".join(list(names)[:NAMED])
    more = ", …" if len(names) > NAMED else ""
    return f"{len(names)} {noun}{'s' if len(names) != 1 else ''} ({shown}{more})"
