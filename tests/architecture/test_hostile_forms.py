"""Hostile characters in each field of each form: refused, or taken as they are, and never an error of ours.

Pages are walked for the forms that they show, as a browser sees them, and each field is sent with the others as they
were. What was tried is recorded where forms read their data. Forms that no page of the walk shows are filled in by
themselves. So a new form, or a new field, is tried or fails `test_each_field_is_tried`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote_from_bytes, urlsplit
from uuid import UUID, uuid4

import pytest
from allauth.core.context import request_context
from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.urls import Resolver404, get_resolver, resolve

from cloudaccounts.models import CloudAccount
from teams.scope import Scope
from tests.architecture.test_ownership import address, alices_records, routes
from tests.architecture.test_walks import ADMIN_ROUTES, _filled
from tests.conftest import ALL_DATABASES
from tests.nul import refused_by_databases
from wizard.drafts.draft_data import DraftContent
from wizard.steps.base import StepContext

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
__all__ = ["alices_records"]  # a fixture
APPS = ("cloudaccounts", "config", "scans", "teams", "wizard")
TEXTS = ("a\0b", "\ud800\uffff\r\nX-Injected: 1", "é" * 3000 + "\u202e٣", "99999999999999999999")
# Django asks for keys in a list whether they are too large for the database or not, and SQLite's driver refuses such a
# one: staff who may change permissions can have an error page there (https://code.djangoproject.com/ticket/27397).
DJANGOS = "/admin/auth/"
Field = tuple[str, str]  # class and name
broken: list[tuple[str, str, str]] = []


@dataclass
class Form:
    """As a page shows it."""

    method: str = "get"
    action: str = ""
    values: dict[str, list[str]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)


class Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = self._text = ""

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in given}
        if tag == "form":
            self._open = Form(at.get("method", "get").lower(), at.get("action", "") or at.get("hx-post", ""))
            self.forms.append(self._open)
        if (form := self._open) is None:
            return
        name = at.get("name", "")
        if tag == "input" and name and at.get("type") == "file":
            form.files.add(name)
        elif tag == "input" and name:
            ticked = at.get("type") not in {"checkbox", "radio"} or "checked" in at
            form.values.setdefault(name, []).extend([at.get("value", "on")] if ticked else [])
        elif tag in {"select", "textarea"} and name:
            form.values.setdefault(name, [])
            self._select, self._text = (name, "") if tag == "select" else ("", name)
        elif tag == "option" and self._select and "selected" in at:
            form.values[self._select].append(at.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._text:
            self._open.values[self._text] = ["".join(self._open.values[self._text]) + data]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._text = ""


def product_forms() -> dict[Field, type[forms.BaseForm]]:
    """Each declared field of each form of ours."""
    for app in APPS:
        package = importlib.import_module(app)
        for module in pkgutil.walk_packages(package.__path__, f"{app}."):
            if not {"migrations", "management", "conf"} & set(module.name.split(".")):
                importlib.import_module(module.name)
    return {
        (name_of(form), name): form
        for form in _below(forms.BaseForm)
        if _is_ours(form)
        for name in getattr(form, "base_fields", {})
    }


def _below(form: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    for below in form.__subclasses__():
        yield below
        yield from _below(below)


def _is_ours(form: type) -> bool:
    # Django's admin makes classes below ours by `modelform_factory`, which say that they are ours as well.
    return form.__module__.split(".")[0] in APPS


def name_of(form: type) -> str:
    return f"{form.__module__}.{form.__qualname__}"


def encoded(values: dict[str, list[str]]) -> str:
    """Lone surrogates included."""
    return "&".join(
        f"{quote_from_bytes(name.encode())}={quote_from_bytes(text.encode('utf-8', 'surrogatepass'))}"
        for name, texts in values.items()
        for text in texts
    )


@contextmanager
def taken_back() -> Iterator[None]:
    """What is written within is not there afterwards: each field is tried on the same rows."""
    with ExitStack() as stack:
        for alias in settings.DATABASES:
            if connections[alias].features.supports_transactions:
                stack.enter_context(transaction.atomic(using=alias))
        try:
            yield
        finally:
            for alias in settings.DATABASES:
                if connections[alias].in_atomic_block:
                    transaction.set_rollback(True, using=alias)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[Field]]:
    """Fields that were read with hostile text in them, of the form's class and of those that it is made of."""
    seen: set[Field] = set()
    read = forms.BaseForm.full_clean

    def recording(form: forms.BaseForm) -> None:
        read(form)
        if form.is_bound:
            for name in form.fields:
                if _is_hostile(form, form.add_prefix(name)):
                    seen.update((name_of(part), name) for part in type(form).__mro__ if _is_ours(part))

    monkeypatch.setattr(forms.BaseForm, "full_clean", recording)
    with refused_by_databases():
        yield seen


def _is_hostile(form: forms.BaseForm, key: str) -> bool:
    if key in form.files:
        return True  # each file that this sends is
    data: Any = form.data
    given = data.getlist(key) if isinstance(data, QueryDict) else [data.get(key)]
    # As what a request decodes: a lone surrogate's bytes become the sign for a character that cannot be read.
    return any(
        text in given
        or text.encode("utf-8", "replace").decode() in given
        or any(isinstance(one, str) and ("\ufffd" in one or one.strip() == text.strip()) for one in given)
        for text in TEXTS
    )


def fill_in(client: Client, page: str, asked: set[tuple[str, str, str]]) -> None:
    """Each field of each form of the page, one after the other; forms that another page has shown are left out."""
    shown: Any = client.get(page)
    assert shown.status_code < 500, page
    if shown.status_code != 200 or not shown.get("Content-Type", "").startswith("text/html"):
        return
    parser = Forms()
    parser.feed(b"".join(shown).decode())
    for form in parser.forms:
        target = urlsplit(form.action or page)
        if target.netloc or "logout" in target.path:
            continue
        path = target.path or page
        for name in {*form.values, *form.files} - {"csrfmiddlewaretoken"}:
            if (key := (form.method, _route(path), name)) in asked:
                continue
            asked.add(key)
            if name in form.files:
                _upload(client, form, path, name)
            else:
                for text in TEXTS:
                    if path.startswith(DJANGOS) and text == TEXTS[-1]:
                        continue
                    _send(client, form, path, {**form.values, name: [text]})


def _route(path: str) -> str:
    try:
        return resolve(path).route
    except Resolver404:
        return path


def _send(client: Client, form: Form, path: str, values: dict[str, list[str]]) -> None:
    body = encoded(values)
    with taken_back():
        if form.method == "post":
            answer = client.generic("POST", path, body, "application/x-www-form-urlencoded")
        else:
            answer = client.generic("GET", f"{path}?{body}")
        if answer.status_code >= 500:
            broken.append((form.method, path, body[:300]))


def _upload(client: Client, form: Form, path: str, name: str) -> None:
    for content in (b"a\0b", b"\xed\xa0\x80", b"\xff\xfe" + b"[" * 3000):
        values = {other: texts[0] for other, texts in form.values.items() if texts}
        with taken_back():
            answer = client.post(path, {**values, name: SimpleUploadedFile("a\u202eb.csv", content)})
            if answer.status_code >= 500:
                broken.append((path, name, repr(content[:20])))


def fill_in_alone(form: type[forms.BaseForm], name: str, account: CloudAccount, user: User) -> bool:
    """A form that no page of the walk shows: of another cloud, of another step, of a state that nothing is in.

    False where the form has left the field out, so that nobody can send it.
    """
    draft = StepContext(Scope(account.owner), uuid4(), DraftContent())
    needed: dict[str, Any] = {
        "context": draft, "people": ["alice"], "groups": [], "scope": draft.scope, "connection": account,
    }  # fmt: skip
    given = {key: needed[key] for key in _asked_for(form) if key in needed}
    if form.__module__ == "config.signin.factor_forms":
        given["user"] = user
    shown = form(**given)
    if name not in shown.fields:
        return False
    key = shown.add_prefix(name)
    for text in TEXTS:
        # As a browser's request is read: a lone surrogate has become the sign for what cannot be decoded.
        sent = text.encode("utf-8", "replace")
        data = QueryDict(mutable=True)
        data.setlist(key, [sent.decode()])
        files: dict[str, Any] = {"files": {key: SimpleUploadedFile("x.csv", sent)}} if _takes_files(form) else {}
        with taken_back(), request_context(RequestFactory().post("/")):
            form(data=data, **files, **given).is_valid()
    return True


def _asked_for(form: type[forms.BaseForm]) -> set[str]:
    """Names that a form's class, or one that it is made of, asks for when it is made."""
    asked: set[str] = set()
    for part in form.__mro__:
        if (made := part.__dict__.get("__init__")) is not None:
            asked |= set(inspect.signature(made).parameters)
    return asked


def _takes_files(form: type[forms.BaseForm]) -> bool:
    return any(isinstance(one, forms.FileField) for one in form.base_fields.values())  # type: ignore[attr-defined]


def browser(user: User | None) -> Client:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


@pytest.mark.timeout(900)  # 40 s of the processor, on a busy machine with a slow database far more
def test_each_field_is_tried(alice: User, operator: User, alices_records: dict[str, UUID], tried: set[Field]) -> None:
    pages = [
        route
        for route in routes(get_resolver().url_patterns)
        if "api/" not in route and route not in {"logout/", "readyz"}
    ]
    asked: set[tuple[str, str, str]] = set()
    for route in pages:
        fill_in(browser(alice), address(route, alices_records), asked)
    for route in pages:
        if "<" not in route:
            fill_in(browser(None), f"/{route}", asked)
    for route in ADMIN_ROUTES:
        if "logout" not in route:
            fill_in(browser(operator), _filled(route), asked)
    forms_by_field = product_forms()
    account = CloudAccount.objects.get(pk=alices_records["account_id"])
    left_out = {
        name
        for name, form in sorted(forms_by_field.items(), key=lambda item: item[0])
        if name not in tried and not fill_in_alone(form, name[1], account, alice)
    }
    assert broken == []
    missing = sorted(forms_by_field.keys() - tried - left_out)
    assert missing == [], (len(missing), len(tried), len(asked))
    assert len(tried) > 250
    assert len(left_out) < 8, left_out
