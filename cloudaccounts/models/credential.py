from __future__ import annotations

from django.db import models

from cloudaccounts.crypto.fields import SealedField
from cloudaccounts.models.account import CloudAccount


class CloudCredential(models.Model):
    """The one credential of an account, encrypted. `credentials.vault` and `.staging` alone read and write it.

    The key is the account's own UUID: writing it again is the same write, and no second row can appear. Beside the
    credential in use the row holds the one that is to replace it (``staged``) and the one that it replaced
    (``previous``): replacing and rolling back are one conditional UPDATE of this row. ``generation`` counts them.
    """

    account = models.OneToOneField(CloudAccount, on_delete=models.CASCADE, primary_key=True, related_name="credential")
    kind = models.CharField(max_length=40)  # the authentication method
    label = models.CharField(max_length=60)  # "Access key"
    hint = models.CharField(max_length=200, blank=True, default="")  # "AKIA…7Q2M"
    # Each of the three values is bound to its row, column and generation, so whoever writes to the database can
    # neither swap them nor put an old one back (docs/decisions/0018-two-phases-for-a-new-encryption-key).
    payload = SealedField()
    # Tells a value that is damaged from one under a key that this process does not have.
    key_fingerprint = models.CharField(max_length=12)  # which encryption key sealed it
    created_at = models.DateTimeField()
    # By this date credentials are removed whose account was never written (`credentials.orphans`): the credential
    # comes first, and MongoDB has no transaction around both.
    written_at = models.DateTimeField(auto_now=True)  # by us; ``created_at`` is the credential's own date
    last_rotated_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    # Inside the encrypted text as well: a value from before a swap does not open after it.
    generation = models.PositiveIntegerField(default=0)
    # A worker that repeats a rotation after a kill learns here that the swap itself is done (docs/decisions/0009).
    replaced_by = models.UUIDField(null=True)  # the CredentialRotation that put the present one here

    # Stored before it is tested: AWS shows a secret once, and it must not wait in a session while the password is
    # asked for again (docs/decisions/0009).
    staged = SealedField(null=True)
    staged_id = models.UUIDField(null=True)  # its CredentialRotation: what that has proven is what is staged
    staged_kind = models.CharField(max_length=40, blank=True, default="")
    staged_label = models.CharField(max_length=60, blank=True, default="")
    staged_hint = models.CharField(max_length=200, blank=True, default="")
    staged_secretless = models.BooleanField(default=False)
    staged_created_at = models.DateTimeField(null=True)  # the credential's own date, where it has one
    staged_expires_at = models.DateTimeField(null=True)
    staged_key_fingerprint = models.CharField(max_length=12, blank=True, default="")
    staged_at = models.DateTimeField(null=True)

    # Kept for a rollback, and destroyed at `previous_until` whether somebody looks or not.
    previous = SealedField(null=True)
    previous_kind = models.CharField(max_length=40, blank=True, default="")
    previous_label = models.CharField(max_length=60, blank=True, default="")
    previous_hint = models.CharField(max_length=200, blank=True, default="")
    previous_secretless = models.BooleanField(default=False)
    previous_created_at = models.DateTimeField(null=True)
    previous_expires_at = models.DateTimeField(null=True)
    previous_key_fingerprint = models.CharField(max_length=12, blank=True, default="")
    previous_until = models.DateTimeField(null=True)  # destroyed then

    class Meta:
        db_table = "cloud_credentials"
        indexes = [
            models.Index(fields=["previous_until"], name="credential_previous_until"),
            models.Index(fields=["staged_at"], name="credential_staged_at"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.hint}".strip()

    @property
    def staged_name(self) -> str:
        return f"{self.staged_label} {self.staged_hint}".strip()

    @property
    def previous_name(self) -> str:
        return f"{self.previous_label} {self.previous_hint}".strip()
