"""Signals that the core sends, so that apps above it follow without being imported. Sent with ``account, actor``."""

from django.dispatch import Signal

# Scans and the wizard lie above this app in the layers, so what they have to do with an account they hear by signals.
account_renamed = Signal()  # after the row was written, outside of its transaction
account_reclassified = Signal()  # its environment; after the row was written, outside of its transaction
account_suspended = Signal()
account_leaves = Signal()  # before it is deleted, outside of a transaction: for what takes long
account_deleted = Signal()  # inside the deleting transaction, before the row goes
account_transferred = Signal()  # inside the transaction; also with ``before``, the owner until now
owner_deleted = Signal()  # with ``owner``: a team is gone, or a person with the personal one; inside the transaction
account_changed_hands = Signal()  # after that transaction: for what takes long
