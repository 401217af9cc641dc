from __future__ import annotations

from django.db import models

from cloudaccounts.fields import SealedField
from cloudaccounts.models.account import CloudAccount


class CloudCredential(models.Model):
    """The one credential of an account, sealed. Read and written by `cloudaccounts.vault` alone.

    The key is the account's own UUID: writing it again is the same write, and no second row can appear.
    """

    account = models.OneToOneField(CloudAccount, on_delete=models.CASCADE, primary_key=True, related_name="credential")
    kind = models.CharField(max_length=40)  # the authentication method
    label = models.CharField(max_length=60)  # "Access key"
    hint = models.CharField(max_length=200, blank=True, default="")  # "AKIA…7Q2M"
    payload = SealedField()
    key_fingerprint = models.CharField(max_length=12)  # which encryption key sealed it
    created_at = models.DateTimeField()
    last_rotated_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "cloud_credentials"

    def __str__(self) -> str:
        return f"{self.label} {self.hint}".strip()
