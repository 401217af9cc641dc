"""A team of alice's that bob is in, with a role of the test's choosing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from teams.models import Membership, Team
from teams.roles import Role

Join = Callable[..., Membership]


@pytest.fixture
def crew(alice: User) -> Team:
    team = Team.objects.create(name="Crew")
    Membership.objects.create(team=team, user=alice, role=Role.OWNER)
    return team


@pytest.fixture
def join(crew: Team) -> Join:
    def join(user: User, role: Role = Role.VIEWER, **fields: object) -> Membership:
        return Membership.objects.create(team=crew, user=user, role=role, **fields)

    return join
