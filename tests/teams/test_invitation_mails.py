"""An invitation is a mail to an address of somebody's choice, with a text of theirs in it: not as many as they like."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from cloudaccounts.models import MailRequest
from cloudaccounts.users.invitation_mails import OF_ADDRESS, OF_INVITER, take_mail
from teams.models import Invitation, Team
from tests.api.conftest import assert_problem
from tests.conftest import ALL_DATABASES
from tests.teams.test_api import caller
from tests.teams.test_pages import there

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_of_all_teams_of_a_person_together(alice: User, crew: Team) -> None:
    calls = caller(alice)
    other = calls.post("teams/", {"name": "Another"}).json()["id"]
    for number in range(OF_INVITER):
        body = {"email": f"person{number}@example.org", "role": "viewer"}
        team = other if number % 2 else crew.key
        assert calls.post(f"teams/{team}/invitations", body).status_code == 201
    refused = calls.post(f"teams/{other}/invitations", {"email": "one.more@example.org", "role": "viewer"})
    assert_problem(refused, 429, "too_many_tries")
    assert refused["Retry-After"]
    assert MailRequest.objects.count() == OF_INVITER
    assert calls.post(f"teams/{other}/invitations", {"role": "viewer"}).status_code == 201  # a link costs no mail


def test_to_one_address_whoever_invites_and_also_when_sent_again(alice: User, crew: Team) -> None:
    client = there(alice, crew)
    for number in range(OF_ADDRESS - 1):
        take_mail(f"somebody{number}", "Victim@example.org")
    form = {"email": "victim@example.org", "role": "viewer"}
    assert client.post("/team/invitations/", form).status_code == 302
    invitation = Invitation.objects.get()
    again = client.post(f"/team/invitations/{invitation.pk}/send/", follow=True)
    assert "were mailed to this address today" in again.content.decode()
    refused = client.post("/team/invitations/", form)
    assert refused.status_code == 422
    assert "were mailed to this address today" in refused.content.decode()
    assert MailRequest.objects.count() == 1
