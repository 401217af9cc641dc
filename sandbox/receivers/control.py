"""Commands of the receivers, for tests."""

from typing import Any


class ReceiversControl:
    """A base class of `sandbox.control.Control`, whose `ask` it uses."""

    def ask(self, command: str, **arguments: Any) -> Any:
        raise NotImplementedError

    def received(self, kind: str = "") -> list[dict[str, Any]]:
        """Every message that was taken: kind, method, path, headers, body, shown (as people see it there), at."""
        return list(self.ask("receivers.received", kind=kind))

    def clear_received(self) -> None:
        self.ask("receivers.clear")

    def set_webhook_secret(self, secret: str) -> None:
        """From now on the webhook's receiver verifies signatures."""
        self.ask("receivers.set_secret", secret=secret)
