"""What a person reads when everything is up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.text import Text


def announce(console: Console, *, address: str, password: str | None, clouds: Mapping[str, Any], ready: bool) -> None:
    text = Text()
    text.append("Open ").append(address, style="bold underline").append("\n")
    if password:
        text.append("Sign in as ").append("admin", style="bold").append(" with ").append(password, style="bold")
        text.append("  (shown this once)\n")
    else:
        text.append("Sign in as admin with the password of the first start.\n")
    if not ready:
        text.append(f"Not everything answers yet: {address}/readyz says what is missing.\n", style="bold red")
    text.append("Ctrl-C ends everything.")
    with console:  # written at once, so that no line of a child comes in between
        console.print(Panel(text, title="Cloud Account Management", border_style="cyan", expand=False))
        if clouds:
            console.print(_credentials(clouds), soft_wrap=True)  # unbroken, so that values can be copied whole


def _credentials(clouds: Mapping[str, Any]) -> Text:
    """Ready to paste: no borders around values, one value a line."""
    text = Text("\nSandbox credentials (simulated clouds; nothing leaves this machine):\n", style="bold")
    for item in clouds.get("credentials", ()):
        text.append(f"\n  {item['cloud'].upper()}  {item['title']}\n", style="bold cyan")
        text.append(f"    account id         {item['account_id']}\n", style="none")
        for key, value in item.get("fields", {}).items():
            text.append(f"    {key.replace('_', ' '):<18} {value}\n", style="none")
        if note := item.get("note"):
            text.append(f"    {note}\n", style="dim")
    return text
