"""Around Entra ID and Resource Manager: faults, the journal, and errors in each one's own shape."""

import json
import logging
import time
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sandbox.azure import applications
from sandbox.azure.applications import Applications
from sandbox.azure.arm import ResourceManager
from sandbox.azure.clouds import Endpoint
from sandbox.azure.directory import Directory
from sandbox.azure.entra import Entra, form_of
from sandbox.azure.errors import Answer, ArmError, EntraError, denied, render_arm, render_entra
from sandbox.azure.graph import ROLES, Graph
from sandbox.azure.query import Query, action_of
from sandbox.azure.state import State
from sandbox.azure.tokens import Tokens
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.wire import reason

logger = logging.getLogger(__name__)
_JSON = ("Content-Type", "application/json; charset=utf-8")


class Layer:
    def __init__(self, directory: Directory, tokens: Tokens, faults: Faults, journal: Journal, state: State) -> None:
        self._entra = Entra(directory, tokens)
        self._arm = ResourceManager(directory, tokens)
        self._graph = Graph(directory, tokens)
        self._applications = Applications(directory, state, journal)
        self._faults = faults
        self._journal = journal

    def application(self, endpoint: Endpoint) -> WSGIApplication:
        answering = self._answer_entra if endpoint.kind == "entra" else self._answer_api

        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            began = time.perf_counter()
            subject = {"cloud": "azure", "service": endpoint.kind, "host": endpoint.host, "region": ""}
            (status, headers, body), code = answering(endpoint, environ, subject)
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            self._journal.call(**subject, method=environ["REQUEST_METHOD"], status=status, code=code, ms=milliseconds)
            start_response(reason(status), headers)
            return [body]

        return answer

    def _answer_entra(
        self, endpoint: Endpoint, environ: WSGIEnvironment, subject: dict[str, str]
    ) -> tuple[Answer, str]:
        path, trace = environ["PATH_INFO"], str(uuid.uuid4())
        form = form_of(environ["wsgi.input"].read()) if environ["REQUEST_METHOD"] == "POST" else {}
        action = "token" if path.endswith("/token") else path.rsplit("/", 1)[-1]
        subject |= {"action": action, "permission": "", "account": "", "resource": path}
        subject["key"] = form.get("client_id", "")
        try:
            self._apply_entra_faults(subject)
            answer = self._entra.answer(endpoint, environ["REQUEST_METHOD"], path, form)
        except EntraError as error:
            return render_entra(error, trace), error.code
        except LookupError:
            logger.warning("the sandbox does not simulate %s %s", environ["REQUEST_METHOD"], path)
            return (404, [_JSON], b"{}"), "NotSimulated"
        except Exception:  # a defect of ours: the client gets an answer, the log the reason
            logger.exception("the sandbox failed at %s", path)
            return render_entra(EntraError("server_error", 90033, "The sandbox failed.", 500), trace), "SandboxDefect"
        return (200, [_JSON, ("x-ms-request-id", trace)], json.dumps(answer).encode()), ""

    def _apply_entra_faults(self, subject: dict[str, str]) -> None:
        if delay := self._faults.take(["delay"], subject):
            time.sleep(delay.seconds)
        fault = self._faults.take(["throttle", "error", "expired_token", "clock_skew", "deny"], subject)
        if fault is None:
            return
        if fault.kind == "throttle":
            wait = max(1, round(fault.seconds))
            raise EntraError("temporarily_unavailable", 90055, "The tenant exceeded its limits.", 429, wait)
        if fault.kind == "error":
            raise EntraError("server_error", 90033, "A transient error has occurred.", fault.status)
        if fault.kind == "expired_token":
            raise EntraError("invalid_client", 7000222, "The provided client secret keys are expired.", 401)
        if fault.kind == "deny":
            raise EntraError("invalid_grant", 53003, "Access has been blocked by Conditional Access policies.", 400)
        raise EntraError("invalid_client", 700024, "Client assertion is not within its valid time range.", 401)

    def _answer_api(self, endpoint: Endpoint, environ: WSGIEnvironment, subject: dict[str, str]) -> tuple[Answer, str]:
        trace = str(uuid.uuid4())
        query = _query(endpoint, environ)
        is_graph = endpoint.kind == "graph"
        on_app = applications.action_of(query) if is_graph else ""
        action = on_app or (query.path if is_graph else action_of(query))
        permission = (applications.ROLE if on_app else ROLES.get(query.path, "")) if is_graph else action
        subject |= {
            "action": action,
            "permission": permission,
            "account": query.subscription_id,
            "resource": query.path,
        }
        # Filled in when the token is read (`_decide`), so that the journal names the app.
        subject["key"] = ""
        try:
            answer = self._decide(query, environ, subject)
            # Done, and the answer is lost on the way: whoever asked cannot know.
            if self._faults.take(["lost"], subject):
                raise ArmError("InternalServerError", "Encountered internal server error.", 500)
        except ArmError as error:
            return render_arm(error, trace), error.code
        except LookupError:
            logger.warning("the sandbox does not simulate %s %s", environ["REQUEST_METHOD"], query.path)
            return render_arm(
                ArmError("NotSimulated", "The sandbox does not simulate this.", 404), trace
            ), "NotSimulated"
        except Exception:  # as above
            logger.exception("the sandbox failed at %s", query.path)
            return render_arm(ArmError("InternalServerError", "The sandbox failed.", 500), trace), "SandboxDefect"
        # Of a bucket of 250 reads:
        # https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
        headers = [_JSON, ("x-ms-request-id", trace), ("x-ms-ratelimit-remaining-subscription-reads", "249")]
        return (200, headers, json.dumps(answer).encode()), ""

    def _decide(self, query: Query, environ: WSGIEnvironment, subject: dict[str, str]) -> dict[str, Any]:
        self._apply_arm_faults(subject)
        changes_app = query.endpoint.kind == "graph" and applications.action_of(query)
        # A tripwire too: whatever the product sends beside GET is refused, and a test that meets it fails. The one
        # exception are an app's own secrets.
        if environ["REQUEST_METHOD"] != "GET" and not changes_app:
            raise ArmError("AuthorizationFailed", "The sandbox's Azure is read-only.", 403)
        api = self._graph if query.endpoint.kind == "graph" else self._arm
        app = api.caller(query, environ.get("HTTP_AUTHORIZATION", ""))
        subject["key"] = app.client_id
        # After authentication: a refusal names the app, and a switch may be narrowed to one.
        if self._faults.take(["deny"], subject):
            raise denied(app.client_id, app.object_id, subject["action"], query.path)
        if changes_app:
            raw = environ["wsgi.input"].read()
            return self._applications.answer(query, environ["REQUEST_METHOD"], json.loads(raw or b"{}"), app)
        return api.answer(query, app)

    def _apply_arm_faults(self, subject: dict[str, str]) -> None:
        if delay := self._faults.take(["delay"], subject):
            time.sleep(delay.seconds)
        fault = self._faults.take(["throttle", "error", "expired_token", "clock_skew"], subject)
        if fault is None:
            return
        if fault.kind == "throttle":
            wait = (("Retry-After", str(max(1, round(fault.seconds)))),)
            text = "Number of requests for subscription exceeded the limit. Please try again later."
            raise ArmError("SubscriptionRequestsThrottled", text, 429, wait)
        if fault.kind == "error":
            raise ArmError("InternalServerError", "Encountered internal server error.", fault.status)
        raise ArmError("ExpiredAuthenticationToken", "The access token expiry UTC time is in the past.", 401)


def _query(endpoint: Endpoint, environ: WSGIEnvironment) -> Query:
    parameters = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    return Query(endpoint, quote(environ["PATH_INFO"], safe="/-._~()$@:"), parameters)
