"""How a provider says that something did not work."""

from __future__ import annotations

from cloudaccounts.storable import short_text

MOST_TEXT = 8000  # characters of a cause or a remedy, which may hold a policy to paste
MOST_CODE = 120
# Beside the timeouts, outages and faults of a network that `is_beyond_setup` knows by their form.
_BEYOND_SETUP = frozenset({
    "answer_incomplete", "check_under_way", "credential_report_late", "deadline_exceeded", "internal_error",
    "proxy_refused", "rotation_under_way", "stopped", "team_limit_reached", "throttled", "tls_failed",
    "token_renewal_failed", "worker_died",
})  # fmt: skip


class ProviderError(Exception):
    """A failure as a value: a stable code, its cause in a sentence, and the remedy.

    ``permanent`` is False where trying again later can succeed without a change (throttling, network, a 5xx).
    ``sdk_error`` is the SDK's own error id (``AccessDenied``, ``AADSTS7000215``). It never holds a message: clouds echo
    parts of requests in their messages, and this one is stored and shown.

    Causes name resources and identities as the cloud does, so the texts are made storable here.
    """

    def __init__(self, code: str, cause: str, remedy: str = "", *, permanent: bool = True, sdk_error: str = "") -> None:
        # Here and not where it is stored: an error is shown, logged and stored in many places, and made in one.
        self.code = short_text(code, MOST_CODE)
        self.cause = short_text(cause, MOST_TEXT)
        self.remedy = short_text(remedy, MOST_TEXT)
        self.permanent = permanent
        self.sdk_error = short_text(sdk_error, MOST_CODE)
        super().__init__(f"{self.code}: {self.cause}")


def is_beyond_setup(code: str) -> bool:
    """True where a set-up in the cloud remedies nothing, by a code that was stored.

    It passes, and trying again is the remedy; or it lies with this server, for its operator.
    """
    return code in _BEYOND_SETUP or code.endswith(("_timeout", "_unavailable")) or code.startswith("network_")
