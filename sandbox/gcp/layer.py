"""Around every call, REST or gRPC: faults, authentication, enabled APIs, the journal."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.faults import Faults
from sandbox.gcp.directory import Directory, Project
from sandbox.gcp.errors import GoogleError, OAuthError, denied, of_http, service_disabled, throttled
from sandbox.gcp.errors import unauthenticated as no_token
from sandbox.journal import Journal

logger = logging.getLogger(__name__)


class Gone(Exception):  # noqa: N818 - a fault: the connection is to be closed without an answer
    pass


@dataclass
class Call:
    """One call as faults and the journal know it. `account` is the project that it is about, where it names one."""

    host: str
    service: str  # "cloudasset"
    action: str  # "ListAssets"
    permission: str = ""
    account: str = ""
    key: str = ""  # key id of an assertion, else the caller
    resource: str = ""

    def subject(self) -> dict[str, str]:
        return {"cloud": "gcp", "region": "", **vars(self)}


class Layer:
    def __init__(self, directory: Directory, faults: Faults, journal: Journal) -> None:
        self.directory = directory
        self.faults = faults
        self.journal = journal

    def run(self, call: Call, work: Callable[[], Any]) -> Any:
        """The answer of ``work``. Raises GoogleError, OAuthError or Gone; each call is written to the journal."""
        began = time.perf_counter()
        status, code = 200, ""
        try:
            self._apply_faults(call)
            answer = work()
            # Done, and the answer is lost on the way: whoever asked cannot know.
            if self.faults.take(["lost"], call.subject()):
                raise GoogleError("INTERNAL", "Internal error encountered.")
            return answer
        except (GoogleError, OAuthError) as error:
            status, code = error.http, error.error if isinstance(error, OAuthError) else error.reason or error.status
            raise
        except Gone:
            status, code = 0, "unreachable"
            raise
        except Exception as error:  # a defect of the sandbox: answered as such, not by a closed connection
            logger.exception("the sandbox failed at %s.%s", call.service, call.action)
            status, code = 500, "SandboxDefect"
            raise GoogleError("INTERNAL", "The sandbox failed.") from error
        finally:
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            self.journal.call(**call.subject(), status=status, code=code, ms=milliseconds)

    def caller(self, call: Call, authorization: str) -> tuple[str, Project]:
        """The member behind a bearer token and its consumer project, in which the API must be enabled."""
        member = self.member(call, authorization)
        consumer = self.directory.consumer(member)
        # The project that the credential lives in decides, not the one that is asked about.
        api = f"{call.service}.googleapis.com"
        if api not in consumer.apis:
            raise service_disabled(api, consumer.id, consumer.number)
        if self.faults.take(["throttle"], call.subject()):
            raise throttled(api, consumer.number)
        return member, consumer

    def member(self, call: Call, authorization: str) -> str:
        member = self.directory.member_of(authorization.removeprefix("Bearer "))
        if member is None:
            raise no_token()
        call.key = member
        if self.faults.take(["expired_token"], call.subject()):
            raise no_token()
        # After authentication, as IAM needs to know who asks.
        if self.faults.take(["deny"], call.subject()):
            raise denied(call.permission, call.resource)
        return member

    def _apply_faults(self, call: Call) -> None:
        """Raises what a fault switch asks for before the caller is known.

        An API's throttling comes later (`caller`), because its error names the caller's project.
        """
        subject = call.subject()
        if self.faults.take(["unreachable"], subject):
            raise Gone
        if delay := self.faults.take(["delay"], subject):
            time.sleep(delay.seconds)
        if fault := self.faults.take(["error"], subject):
            raise of_http(fault.status)
        if call.service == "oauth2" and self.faults.take(["clock_skew"], subject):
            text = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
            raise OAuthError("invalid_grant", text)
        if call.service in ("oauth2", "sts") and self.faults.take(["throttle"], subject):
            raise OAuthError("rate_limit_exceeded", "Rate limit exceeded.", 429)
