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
    payload = SealedField()
    key_fingerprint = models.CharField(max_length=12)  # which encryption key sealed it
    created_at = models.DateTimeField()
    written_at = models.DateTimeField(auto_now=True)  # by us; ``created_at`` is the credential's own date
    last_rotated_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    generation = models.PositiveIntegerField(default=0)
    replaced_by = models.UUIDField(null=True)  # the CredentialRotation that put the present one here

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
