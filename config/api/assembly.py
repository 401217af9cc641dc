"""The HTTP API, assembled from the apps' routers. Imported by the first call, see `config.api.entry`."""

from __future__ import annotations

import json
import logging
import re
from functools import cache
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, UnreadablePostError
from django.urls import Resolver404, URLResolver
from django.urls.resolvers import RegexPattern, ResolverMatch
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from cloudaccounts.api import accounts, apply, channels, groups, organizations, rotation, teams, work
from cloudaccounts.api.answers import ApiError, not_found, problem, problem_of
from cloudaccounts.api.auth import ROUTE, SAFE, BearerToken
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import InputError
from cloudaccounts.models import CloudAccount
from cloudaccounts.outages import DatabaseUnavailableError
from cloudaccounts.work.databases import is_outage
from config.api.examples import add_examples
from scans.assets import api as assets_api
from scans.compliance import api as compliance_api
from scans.findings import api_actions as findings_api
from scans.muting import api as muting_api
from scans.muting import switch_api as switches_api
from scans.runs import api as runs_api
from scans.runs import schedule_api
from scans.saved_views import api as saved_views_api

ROOT = "/api/v1/"
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")  # as Django writes them; the description writes {name}
DESCRIPTION = """\
Connect AWS, Azure and GCP accounts, check and scan them, and read what was found.

Every call carries `Authorization: Bearer TOKEN`. Tokens are made on the profile page or by `create_api_token`.
Every error is `{code, message, remedy?, details?}`. What is not yours answers 404. 429 and some 409 and 503 say in
`Retry-After` when to try again. Credentials go in and never come back.
"""
# By the type of pydantic's error. Its own messages are not passed on: some repeat the value, which may be a secret.
MESSAGES = {
    "missing": "This is missing.",
    "extra_forbidden": "There is no such field.",
    "string_type": "Give a text.",
    "string_too_long": "This is too long.",
    "list_type": "Give a list.",
    "too_long": "This is too long.",
    "dict_type": "Give an object.",
    "model_type": "Give an object.",
    "model_attributes_type": "Give an object.",
    "int_parsing": "Give a whole number.",
    "greater_than_equal": "This is too small.",
    "less_than_equal": "This is too large.",
    "uuid_parsing": "This is no id.",
    "bool_parsing": "Give true or false.",
}

NUL = "There is a NUL character in it."  # PostgreSQL stores it in no text

logger = logging.getLogger(__name__)


class StrictParser(Parser):
    """Takes JSON as the standard defines it, with text that every database can store."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            data = json.loads(request.body, parse_constant=_refuse_constant)
            json.dumps(data, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except (ValueError, RecursionError):
            raise ApiError(problem(400, "json_malformed", "The body is not JSON.", "Send one JSON object.")) from None
        # The escape is looked for first: walking the whole body is left to the few that can contain one.
        if b"\\u0000" in request.body and (place := _nul_in(data)):
            raise ApiError(problem_of(InputError({place: NUL})))
        return data

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> Any:
        """Leaves out empty filters, as forms and scripts send them: ``?status=`` means no filter by status."""
        given = super().parse_querydict(data, list_fields, request).items()
        # An empty cursor is the first page of a list that is read by cursors.
        values = {name: value for name, value in given if value or name == "cursor"}
        if any("\x00" in value for value in values.values() if isinstance(value, str)):
            raise InputError({"query": NUL})
        return values


def _nul_in(data: Any) -> str:
    """The name of the top-level field with a NUL in it, at any depth; empty where there is none."""
    # A list and no recursion: how deep a body is nested, its sender decides.
    pending = [("body", data)]
    while pending:
        field, value = pending.pop()
        if isinstance(value, str) and "\x00" in value:
            return field
        if isinstance(value, dict):
            if any("\x00" in name for name in value):
                return field
            pending += [(name[:200] if field == "body" else field, item) for name, item in value.items()]
        elif isinstance(value, list):
            pending += [(field, item) for item in value]
    return ""


def _refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity, which Python's parser takes and JSON does not have."""
    raise ValueError(name)


api = NinjaAPI(
    title="Cloud Accounts",
    version="1",
    description=DESCRIPTION,
    auth=BearerToken(),
    parser=StrictParser(),
    openapi_url=None,  # `config.api.entry` serves both: ninja's page loads scripts from another host
    docs_url=None,
    urls_namespace="api-v1",
)
api.add_router("/cloud-accounts", accounts.router)
api.add_router("/cloud-accounts", runs_api.of_accounts)
api.add_router("/cloud-accounts", schedule_api.schedules)
api.add_router("/cloud-accounts", rotation.rotations)
api.add_router("/rotation", rotation.policies)
api.add_router("/groups", groups.groups)
api.add_router("/organizations", organizations.organizations)
api.add_router("/teams", teams.teams)
api.add_router("/apply", apply.apply)
api.add_router("/jobs", work.jobs)
api.add_router("/audit", work.audit)
api.add_router("/notices", work.notices)
api.add_router("/channels", channels.router)
api.add_router("/scans", runs_api.runs)
api.add_router("/findings", findings_api.findings)
api.add_router("/mute-rules", muting_api.mute_rules)
api.add_router("/checks", switches_api.checks)
api.add_router("/views", saved_views_api.views)
api.add_router("/assets", assets_api.assets)
api.add_router("/compliance", compliance_api.compliance)

# The URL list names one view for the whole API, so that commands need not load it; calls are resolved here.
_resolver = URLResolver(RegexPattern(""), api.urls[0])


@api.exception_handler(ApiError)
def _api_error(request: HttpRequest, error: Any) -> HttpResponse:
    answer: JsonResponse = error.answer
    return answer


@api.exception_handler(ProviderError)
def _provider_error(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_of(error, request)


@api.exception_handler(Http404)
@api.exception_handler(CloudAccount.DoesNotExist)
def _missing(request: HttpRequest, error: Any) -> HttpResponse:
    return not_found()


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    fields: dict[str, str] = {}
    for item in error.errors:
        # Ninja's path begins with where the value was and with the name of the view's parameter: neither is a field.
        place = ".".join(str(part) for part in item["loc"] if part not in {"body", "query"}) or "body"
        message = MESSAGES.get(item["type"], "This value is not accepted.")
        if item["type"] in {"enum", "literal_error"}:
            message = f"Choose one of {item['ctx']['expected']}."
        # The name may be a field of the sender's invention: cut, since the answer repeats it.
        fields.setdefault(place[:200], message)
    return problem_of(InputError(fields))


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error.__cause__, ApiError):  # ninja wraps what a parser raises
        return _api_error(request, error.__cause__)
    if isinstance(error.__cause__, RequestDataTooBig):
        return _too_large()
    return problem(error.status_code, "refused", "This call is not accepted.")


@api.exception_handler(Exception)
def _defect(request: HttpRequest, error: Any) -> HttpResponse:
    """A defect of ours. The log says where it is, without anything of the body."""
    if is_outage(error):
        logger.error("api.database_unavailable", exc_info=error, extra={"method": request.method, "path": request.path})
        return problem_of(DatabaseUnavailableError())
    logger.error("api.defect", exc_info=error, extra={"method": request.method, "path": request.path})
    return problem(
        500,
        "internal_error",
        "This call failed by a defect of ours.",
        "Try again; if it fails once more, tell the operator: the log says where.",
    )


def serve(request: HttpRequest) -> HttpResponseBase:
    """Answers a call below `ROOT`, always as JSON, also where Django would answer with an HTML page."""
    match = _resolve(request.path_info.removeprefix(ROOT))
    if match is None:
        return not_found()
    request.META[ROUTE] = _PARAMETER.sub(r"{\1}", match.route)
    try:
        # Before ninja parses: a form's body would be taken for broken JSON. Browsers cannot send this type across
        # sites.
        if request.method not in SAFE and request.body and request.content_type != "application/json":
            return problem(
                415, "not_json", "The body is not sent as JSON.", "Send the header “Content-Type: application/json”."
            )
    except RequestDataTooBig:
        return _too_large()
    except UnreadablePostError:
        return problem(400, "body_unreadable", "The body did not arrive to its end.", "Send the call again.")
    try:
        answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    except Http404:  # of ninja's own root
        return not_found()
    if answer.status_code == 405:
        allowed = answer["Allow"]
        return problem(405, "method_not_allowed", f"This address takes {allowed}.", headers={"Allow": allowed})
    return answer


def _resolve(path: str) -> ResolverMatch | None:
    """The view of a path, with or without a slash at its end: a redirect would lose the body of a POST."""
    for candidate in (path, path.removesuffix("/") if path.endswith("/") else f"{path}/"):
        try:
            return _resolver.resolve(candidate)
        except Resolver404:
            continue
    return None


def _too_large() -> HttpResponse:
    return problem(413, "too_large", "The body is larger than one megabyte.")


@cache
def description() -> dict[str, Any]:
    """The OpenAPI description."""
    # Through text: the schema holds values that are no JSON yet, and pages read it as well.
    schema: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix=ROOT), default=str))
    add_examples(schema)
    return schema
