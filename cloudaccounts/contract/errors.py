"""How a provider says that something did not work."""

from __future__ import annotations


class ProviderError(Exception):
    """A failure told as a value: a stable code, its cause in a sentence, and what mends it.

    ``permanent`` is False where trying again later can help by itself (throttling, network, a 5xx).
    ``sdk_error`` is the SDK's own error id (``AccessDenied``, ``AADSTS7000215``); it never holds a message, because
    providers echo parts of requests in their messages.
    """

    def __init__(self, code: str, cause: str, remedy: str = "", *, permanent: bool = True, sdk_error: str = "") -> None:
        super().__init__(f"{code}: {cause}")
        self.code = code
        self.cause = cause
        self.remedy = remedy
        self.permanent = permanent
        self.sdk_error = sdk_error
