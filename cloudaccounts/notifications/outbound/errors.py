"""Why a message did not arrive."""

from __future__ import annotations

from cloudaccounts.contract.errors import ProviderError


class DeliveryError(ProviderError):
    """``retry_after``: seconds that the receiver asks to wait, where it does.

    ``of_message``: refused for what it says, so sending the same again cannot help. ``gone``: the receiver says that
    the address is closed for good.
    """

    def __init__(
        self,
        code: str,
        cause: str,
        remedy: str,
        *,
        retry_after: int | None = None,
        of_message: bool = False,
        gone: bool = False,
    ) -> None:
        super().__init__(code, cause, remedy, permanent=of_message or gone)
        self.retry_after = retry_after
        self.of_message = of_message
        self.gone = gone


class HostRefusedError(DeliveryError):
    """This server does not call there, whoever asks."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            "host_refused",
            cause,
            "Give a public https address. Whoever runs this server can name others in CHANNEL_HOSTS.",
        )
