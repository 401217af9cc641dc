"""What single sign-on remembers, in the users' database."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from teams.models import NAME_LIMIT


class ProviderDocument(models.Model):
    """What an identity provider says of itself, as the scheduler has fetched it: no page waits for that.

    ``content`` is OpenID Connect's discovery document, or what was read of SAML's metadata. It stays where a later
    fetch fails; ``problem`` then says why.
    """

    kind = models.CharField(max_length=8, primary_key=True)
    source = models.CharField(max_length=500)  # the address that it came from: another one makes it void
    content = models.JSONField(default=dict)
    fetched_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} of {self.source}"


class MappedMembership(models.Model):
    """Marks a membership that came from `OIDC_TEAM_MAP`, and so follows it. Others stay as people made them."""

    membership = models.OneToOneField("teams.Membership", on_delete=models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return f"mapped: {self.membership_id}"


class MappedTeam(models.Model):
    """Which team a name in `OIDC_TEAM_MAP` stands for, since the first sign-in that it placed somebody in.

    Owners name their teams as they like: by its name alone, another team would become the one that is meant.
    """

    name = models.CharField(max_length=NAME_LIMIT, primary_key=True)
    team = models.ForeignKey("teams.Team", on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.name}: {self.team_id}"


class BreakGlass(models.Model):
    """A superuser who may sign in by password although `REQUIRE_SSO` is set, until then."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} until {self.until}"
