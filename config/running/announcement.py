"""What a person reads when everything is up: the last thing that is printed, and short enough to be read."""

from __future__ import annotations

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

MOST_LINES = 12  # borders included


def announce(console: Console, *, address: str, password: str | None, sandbox: bool, ready: bool) -> None:
    text = Text(overflow="fold")
    text.append("Address   ").append(address, style="bold underline").append("\n")
    text.append("User      ").append("admin", style="bold").append("\n")
    text.append("Password  ")
    if password:
        text.append(password, style="bold").append("  (shown this once)\n")
    else:
        # Only its hash is stored, so it cannot be shown again.
        text.append("the password of the first start\n")
    if sandbox:
        text.append("Clouds    simulated; their credentials are at ")
        text.append(f"{address}/sandbox/", style="bold underline").append("\n")
    if not ready:
        text.append(f"Not everything answers yet: {address}/readyz says what is missing.\n", style="bold red")
    text.append("Ctrl-C ends everything.")
    with console:  # written at once, so that no line of a child comes in between
        console.print(Panel(text, title="Cloud Account Management", border_style="cyan", expand=False))
