"""How a provider says that something did not work."""

from __future__ import annotations


class ProviderError(Exception):
    """A failure as a value: a stable code, its cause in a sentence, and the remedy.

    ``permanent`` is False where trying again later can succeed without a change (throttling, network, a 5xx).
    ``sdk_error`` is the SDK's own error id (``AccessDenied``, ``AADSTS7000215``). It never holds a message: clouds echo
    parts of requests in their messages, and this one is stored and shown.
    """

    def __init__(self, code: str, cause: str, remedy: str = "", *, permanent: bool = True, sdk_error: str = "") -> None:
        super().__init__(f"{code}: {cause}")
        self.code = code
        self.cause = cause
        self.remedy = remedy
        self.permanent = permanent
        self.sdk_error = sdk_error
