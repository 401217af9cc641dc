"""How many mails an invitation may cost: whoever invites chooses the address, and the team's name in its text."""

from __future__ import annotations

from cloudaccounts.accounts.rate_limits import RateLimit

OF_INVITER, OF_ADDRESS = 30, 5
_HOUR, _DAY = 3600, 86400


def take_mail(inviter: str, address: str) -> None:
    """Counts a mail to this address; none for an empty one, whose link is handed over some other way.

    ``inviter``: the user's key, of whose teams all count together, since anybody may make some; the team's for its own
    tokens. Raises `TooManyAttemptsError`.
    """
    if not address:
        return
    cause = f"More than {OF_INVITER} invitations were mailed for you within this hour."
    RateLimit("invitations-of", inviter, OF_INVITER, _HOUR, cause).take()
    # Whoever invites: a person who does not want them is left alone.
    cause = f"{OF_ADDRESS} invitations were mailed to this address today."
    RateLimit("invitations-to", address.lower(), OF_ADDRESS, _DAY, cause).take()
