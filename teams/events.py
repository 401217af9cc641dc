"""Signals that teams send, so that apps above record and mail without being imported. Sent after the transaction."""

from django.dispatch import Signal

# With ``team`` (key), ``actor`` (as the caller gave it), ``action``, ``text`` for people and ``detail`` for programs.
team_event = Signal()
member_left = Signal()  # with ``team`` (key), ``user`` (str(user.pk)) and ``actor``: whatever way the membership ended
invitation_made = Signal()  # with ``invitation``, ``token`` and ``actor``: the token is in no row and in no event
