"""Django's admin of users: nobody rises by it, and a session alone makes nobody into somebody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from cloudaccounts.web import reauthentication
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
NEW = "a-longer-word-than-that"
PASSWORDS = {"password1": NEW, "password2": NEW}


@pytest.fixture
def olgas(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def owen(db: None) -> User:
    """Another superuser."""
    return User.objects.create_superuser("owen", "owen@example.org", "owen-runs-it-too")


@pytest.fixture
def staff(db: None) -> User:
    """May change users, and is no superuser."""
    user = User.objects.create_user("stan", "stan@example.org", "stan-helps-people", is_staff=True)
    names = ("view_user", "change_user", "add_user", "delete_user", "change_group", "add_group", "view_group")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


@pytest.fixture
def stans(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def form_of(client: Client, user: User, **changes: Any) -> dict[str, Any]:
    """What a browser posts for the user's page as it is shown, changed."""
    response = client.get(f"/admin/auth/user/{user.pk}/change/")
    assert response.status_code == 200
    assert response.context is not None
    form = response.context["adminform"].form
    data = {name: form.initial.get(name) or "" for name in form.fields if name != "password"}
    data = {name: value for name, value in data.items() if name not in ("last_login", "date_joined")}
    data |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    return {name: value for name, value in (data | changes).items() if value not in ("", False, None)}


def later(client: Client) -> None:
    """Hours after the login: the session is open still."""
    session = client.session
    session[reauthentication._KEY] = 0.0
    session.save()


def test_a_session_alone_does_not_set_another_superusers_password(olgas: Client, owen: User) -> None:
    assert olgas.post(f"/admin/auth/user/{owen.pk}/password/", PASSWORDS).status_code == 403
    owen.refresh_from_db()
    assert owen.check_password("owen-runs-it-too")


def test_nor_their_address_that_a_link_would_go_to(olgas: Client, owen: User) -> None:
    data = form_of(olgas, owen, email="mallory@example.net", first_name="Owen", is_superuser="on", is_staff="on")
    assert olgas.post(f"/admin/auth/user/{owen.pk}/change/", data).status_code == 302
    owen.refresh_from_db()
    assert (owen.first_name, owen.email) == ("Owen", "owen@example.org")


def test_ones_own_password_and_address_are_changed_on_the_profile(olgas: Client, operator: User) -> None:
    for path in (f"/admin/auth/user/{operator.pk}/password/", "/admin/password_change/"):
        response = olgas.post(path, PASSWORDS)
        assert (response.status_code, response["Location"]) == (302, "/profile/password/")
    data = form_of(olgas, operator, email="mallory@example.net", is_superuser="on", is_staff="on", is_active="on")
    olgas.post(f"/admin/auth/user/{operator.pk}/change/", data)
    operator.refresh_from_db()
    assert operator.email == "olga@example.org"
    assert operator.check_password("olga-runs-this-place")


def test_a_superuser_sets_other_peoples_passwords(olgas: Client, alice: User) -> None:
    assert olgas.post(f"/admin/auth/user/{alice.pk}/password/", PASSWORDS).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(NEW)


@pytest.mark.parametrize("path", ["change/", "password/", "delete/"])
def test_a_session_of_hours_ago_is_asked_for_the_password_first(olgas: Client, alice: User, path: str) -> None:
    data = {"password/": PASSWORDS, "delete/": {"post": "yes"}, "change/": form_of(olgas, alice, is_superuser="on")}
    later(olgas)
    response = olgas.post(f"/admin/auth/user/{alice.pk}/{path}", data[path])
    assert response.status_code == 302
    assert response["Location"].startswith(f"{reverse('confirm-password')}?next=")
    alice.refresh_from_db()
    assert (alice.is_superuser, alice.check_password("alice-knows-this")) == (False, True)


def test_so_is_adding_a_user_and_an_action_on_many(olgas: Client, alice: User) -> None:
    later(olgas)
    action = {"action": "delete_selected", "_selected_action": str(alice.pk), "post": "yes"}
    for path, data in (("add/", {"username": "eve", **PASSWORDS}), ("", action)):
        response = olgas.post(f"/admin/auth/user/{path}", data)
        assert response["Location"].startswith(reverse("confirm-password"))
    assert set(User.objects.values_list("username", flat=True)) == {"olga", "alice"}


def test_staff_cannot_rise(stans: Client, staff: User) -> None:
    for right in ({"is_superuser": "on"}, {"user_permissions": "1"}, {"groups": "1"}):
        data = form_of(stans, staff, first_name="Stan", is_staff="on", is_active="on", **right)
        assert stans.post(f"/admin/auth/user/{staff.pk}/change/", data).status_code == 302
    fresh = User.objects.get(pk=staff.pk)
    assert (fresh.first_name, fresh.is_superuser, fresh.groups.count()) == ("Stan", False, 0)
    assert fresh.user_permissions.count() == 7


def test_staff_can_raise_nobody_else(stans: Client, alice: User) -> None:
    data = form_of(stans, alice, first_name="Al", is_staff="on", is_superuser="on", is_active="on")
    assert stans.post(f"/admin/auth/user/{alice.pk}/change/", data).status_code == 302
    alice.refresh_from_db()
    assert (alice.first_name, alice.is_staff, alice.is_superuser) == ("Al", False, False)


def test_staff_touch_no_operator(stans: Client, operator: User, alice: User) -> None:
    other = User.objects.create_user("stella", "stella@example.org", "stella-helps-too", is_staff=True)
    for user in (operator, other):
        before = (user.password, user.email)
        assert stans.post(f"/admin/auth/user/{user.pk}/password/", PASSWORDS).status_code == 403
        assert stans.post(f"/admin/auth/user/{user.pk}/change/", {"email": "x@example.net"}).status_code == 403
        assert stans.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403
        action = {"action": "delete_selected", "_selected_action": [str(user.pk)], "post": "yes"}
        stans.post("/admin/auth/user/", action)
        user.refresh_from_db()
        assert (user.password, user.email) == before
    assert stans.post(f"/admin/auth/user/{alice.pk}/password/", PASSWORDS).status_code == 302


def test_staff_give_a_group_no_right(stans: Client) -> None:
    stans.post("/admin/auth/group/add/", {"name": "helpers", "permissions": ["1", "2"]})
    group = Group.objects.get(name="helpers")
    stans.post(f"/admin/auth/group/{group.pk}/change/", {"name": "helpers", "permissions": ["1", "2"]})
    assert not group.permissions.exists()


@pytest.mark.parametrize("path", ["/admin/r/1/1/", "/admin/r/4/1/", "/admin/r/999/x/", "/admin/r/x/y/"])
def test_the_redirect_to_pages_that_no_model_has_is_not_there(olgas: Client, path: str) -> None:
    assert olgas.get(path).status_code == 404
