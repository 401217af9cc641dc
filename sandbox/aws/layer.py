"""The layer in front of moto: it decides each call as AWS would, and lets moto answer what is allowed."""

import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sandbox.aws import (
    account_settings,
    clouds,
    gate,
    gone,
    hosts,
    identities,
    organizations,
    regions,
    signature,
    simulation,
    snapshots,
    sts,
)
from sandbox.aws import call as calls
from sandbox.aws import trails as all_trails
from sandbox.aws.actions import iam_action, named_resource, resource_arn
from sandbox.aws.call import Call
from sandbox.aws.errors import AwsError, of_kind, render
from sandbox.aws.history import History
from sandbox.aws.holdings import Holdings
from sandbox.aws.identities import Account, Caller, Identities
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.wire import reason

logger = logging.getLogger(__name__)

Answer = tuple[int, list[tuple[str, str]], bytes]

_NAMESPACES = {
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "ec2": "http://ec2.amazonaws.com/doc/2016-11-15/",
}
_KEY_ID = re.compile(r"<AccessKeyId>(A[A-Z0-9]{19})</AccessKeyId>")
_KEY_CHANGES = frozenset({"CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"})
# GetBucketLocation is asked in order to learn the region, the list is the whole account's, and a bucket that is
# being created has no region yet.
_BUCKET_REGION_FREE = frozenset({"GetBucketLocation", "ListBuckets", "CreateBucket"})


class Layer:
    """One per simulated AWS. `keys_changed` is called with an account whose access keys the API changed."""

    def __init__(
        self,
        known: Identities,
        faults: Faults,
        journal: Journal,
        seed: str,
        keys_changed: Callable[[Account], None],
        history: History,
        holdings: Holdings,
    ) -> None:
        self.identities = known
        self.faults = faults
        self.journal = journal
        self.seed = seed
        self.keys_changed = keys_changed
        self.history = history
        self.holdings = holdings

    def application(self, endpoint: hosts.Endpoint) -> WSGIApplication:
        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            status, headers, body = self._answer(calls.read(environ, endpoint, str(uuid.uuid4())), environ)
            start_response(reason(status), headers)
            return [body]

        return answer

    def _answer(self, call: Call, environ: WSGIEnvironment) -> Answer:
        began = time.perf_counter()
        subject = self._subject(call)
        code = ""
        try:
            answer = self._decide(call, environ, subject)
            # Done, and the answer is lost on the way: whoever asked cannot know.
            if self.faults.take(["lost"], subject):
                raise of_kind("broken", call.protocol, status=500)
        except AwsError as error:
            code = error.code
            answer = render(error, call)
        except NotImplementedError as error:
            logger.warning("the sandbox does not simulate %s:%s (%s)", call.service, call.action, error)
            code = "NotImplemented"
            answer = render(of_kind("unknown_operation", call.protocol), call)
        except Exception:
            # moto raises anything on what it misses; the caller gets an answer, and the log says which call it was.
            logger.exception("the sandbox failed at %s:%s", call.service, call.action)
            code = "SandboxDefect"
            answer = render(of_kind("broken", call.protocol), call)
        milliseconds = round((time.perf_counter() - began) * 1000, 1)
        self.journal.call(**subject, status=answer[0], code=code, ms=milliseconds)
        return answer

    def _subject(self, call: Call) -> dict[str, str]:
        """What faults are narrowed by, and what the journal records."""
        signed = signature.parse(call)
        account = self.identities.account_of(signed.key_id) if signed else None
        bucket_and_key = "/".join(filter(None, call.bucket_and_key)) if call.service == "s3" else ""
        return {
            "cloud": "aws",
            "service": call.service,
            "action": call.action,
            "permission": iam_action(call),
            "account": account.id if account else "",
            "key": signed.key_id if signed else "",
            "host": call.host,
            "region": call.region,
            "resource": bucket_and_key or named_resource(call),
        }

    def _decide(self, call: Call, environ: WSGIEnvironment, subject: dict[str, str]) -> Answer:
        self._apply_faults(call, subject)
        caller = gate.authenticate(call, self.identities)
        # Before authorization: a denied call uses the key too, and CloudTrail records it.
        identities.mark_used(caller, subject["key"], call.service, call.region)
        # Of a key that is made the event names the key, so it is written behind the answer (`_note_key`).
        if call.action != "CreateAccessKey":
            self.history.note_call(call, caller.account, caller.arn)
        # After the caller is known: the refusal names who asked, in the words of a missing permission.
        if self.faults.take(["deny"], subject):
            resource = resource_arn(call, caller.account)
            raise gate.denial(call, caller, iam_action(call), resource, explicit=False)
        if self.faults.take(["gone"], subject):
            raise gone.error(call)
        if not call.action:
            raise of_kind("unknown_operation", call.protocol)
        # Before authorization, since AssumeRole is decided by two sides and GetCallerIdentity by none.
        if call.service == "sts" and (result := self._sts(call, caller)) is not None:
            return _xml(call, result)
        gate.authorize(call, caller)
        # What moto answers in another way than AWS, or not at all.
        if call.service == "iam" and call.action == "SimulatePrincipalPolicy":
            return _xml(call, simulation.simulate_principal_policy(call, caller.account))
        if call.service == "ec2" and call.action == "DescribeRegions":
            return _xml(call, regions.describe_regions(call, caller.account))
        if call.service == "ec2" and (settings := account_settings.ec2(call, caller.account)) is not None:
            return _xml(call, settings)
        if call.service == "access-analyzer" and call.action == "ListAnalyzers":
            return _json(call, account_settings.analyzers(call, caller.account))
        if call.service == "organizations":
            return _json(call, organizations.answer(call, caller, self.identities.organization))
        if call.service == "account" and call.action == "ListRegions":
            return _json(call, regions.list_regions(call, caller.account))
        if call.service == "account" and call.action == "GetRegionOptStatus":
            return _json(call, regions.region_opt_status(call, caller.account))
        if call.service == "cloudtrail" and call.action == "LookupEvents":
            return _json(call, self.history.lookup(call, caller.account))
        if call.service == "cloudtrail" and call.action == "ListTrails":
            self.holdings.prepare(caller.account, call.service)
            return _json(call, all_trails.list_trails(caller.account))
        if call.service == "ec2" and call.action == "DescribeSnapshots" and call.listed("RestorableBy"):
            narrowed = snapshots.restorable(call, caller.account)
            if narrowed is None:
                return _xml(call, "<snapshotSet/>")
            call = replace(call, body=narrowed)
        return self._ask_moto(call, caller, environ)

    def _apply_faults(self, call: Call, subject: dict[str, str]) -> None:
        """Raises what a fault switch asks for. Before authentication, as a throttled or broken AWS would answer."""
        if delay := self.faults.take(["delay"], subject):
            time.sleep(delay.seconds)
        fault = self.faults.take(
            ["throttle", "error", "expired_token", "clock_skew", "unknown_key", "not_subscribed"], subject
        )
        if fault is None:
            return
        if fault.kind == "error":
            raise of_kind("broken", call.protocol, status=fault.status)
        raise of_kind("throttled" if fault.kind == "throttle" else fault.kind, call.protocol)

    def _sts(self, call: Call, caller: Caller) -> str | None:
        if call.action == "GetCallerIdentity":
            return sts.get_caller_identity(caller)
        if call.action == "AssumeRole":
            return sts.assume_role(call, caller, self.identities)
        if call.action == "GetSessionToken":
            return sts.get_session_token(call, caller, self.identities)
        if call.action == "GetAccessKeyInfo":
            gate.authorize(call, caller)
            return sts.get_access_key_info(call, self.identities)
        raise NotImplementedError(call.action)

    def _ask_moto(self, call: Call, caller: Caller, environ: WSGIEnvironment) -> Answer:
        account = caller.account
        # Before moto makes its defaults of this service and region, so that they get the ids of every start.
        clouds.settle(self.seed, call.service, account.id, call.region)
        self.holdings.prepare(account, call.service)
        if call.service == "s3":
            self._check_bucket_region(call, account)
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _error: Any = None
        ) -> Callable[[bytes], object]:
            started[:] = [(status, headers)]
            return lambda _: None

        body = b"".join(clouds.application(_for_moto(call, account, environ), start_response))
        status, headers = int(started[0][0][:3]), started[0][1]
        # moto's ways to say that it has no such operation.
        if status == 501 or (status == 404 and b"<title>404 Not Found</title>" in body):
            raise NotImplementedError("moto knows no such operation")
        if call.service == "iam" and call.action in _KEY_CHANGES and status == 200:
            self._note_key(call, caller, body)
            self.keys_changed(account)
        if call.action == "ListBuckets" and "max-buckets=" in call.query:
            body = _with_regions(body, account)
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        return status, headers, body

    def _note_key(self, call: Call, caller: Caller, body: bytes) -> None:
        """In the record of keys, and of a new one in CloudTrail's event: it names the key that was made."""
        signed = signature.parse(call)
        by = signed.key_id if signed else ""
        made = _KEY_ID.search(body.decode(errors="replace"))
        key_id = call.form.get("AccessKeyId") or (made[1] if made else "")
        user = caller.account.iam.users.get(call.form.get("UserName") or caller.user_name or "")
        status = f":{call.form['Status']}" if call.action == "UpdateAccessKey" else ""
        self.journal.key("aws", f"{call.action}{status}", str(user.arn) if user else caller.arn, key_id, by)
        if call.action == "CreateAccessKey":
            self.identities.note_new_key(key_id)
            self.history.note_key(call, caller.account, caller.arn, by, key_id)

    def _check_bucket_region(self, call: Call, account: Account) -> None:
        """S3 sends a client on that asks the wrong region for a bucket; moto answers from anywhere."""
        name, _ = call.bucket_and_key
        bucket = clouds.bucket(account.id, account.partition, name) if name else None
        if bucket is None or bucket.region_name == call.region or call.action in _BUCKET_REGION_FREE:
            return
        text = "The bucket you are attempting to access must be addressed using the specified endpoint."
        raise AwsError("PermanentRedirect", text, 301, (("x-amz-bucket-region", str(bucket.region_name)),))


def _with_regions(body: bytes, account: Account) -> bytes:
    """Each listed bucket with its region, which S3 tells where a parameter is given (API reference of ListBuckets)."""

    def told(found: re.Match[str]) -> str:
        bucket = clouds.bucket(account.id, account.partition, found[1])
        return f"{found[0]}<BucketRegion>{bucket.region_name}</BucketRegion>" if bucket else found[0]

    return re.sub(r"<Name>([^<]+)</Name>", told, body.decode()).encode()


def _for_moto(call: Call, account: Account, environ: WSGIEnvironment) -> WSGIEnvironment:
    """The request as moto shall see it: of a known account, with buckets in the path."""
    ours = {**environ, "HTTP_X_MOTO_ACCOUNT_ID": account.id, "wsgi.input": BytesIO(call.body)}
    ours["CONTENT_LENGTH"] = str(len(call.body))
    if ".us-gov." in call.host:  # moto would take `us-gov` for a region, and that one for commercial AWS
        ours["HTTP_HOST"] = f"{call.service}.{call.region}.amazonaws.com"
    if call.service == "s3":
        target = call.s3_path + (f"?{call.query}" if call.query else "")
        ours |= {
            "PATH_INFO": unquote_to_bytes(call.s3_path).decode("latin-1"),
            "RAW_URI": target,
            "REQUEST_URI": target,
            "HTTP_HOST": f"s3.{call.region}.{hosts.PARTITIONS[account.partition]}",
        }
    return ours


def _xml(call: Call, result: str) -> Answer:
    """A success of the query or EC2 protocol."""
    action, namespace = call.action, _NAMESPACES[call.service]
    if call.protocol == "ec2":
        inner = f"<requestId>{call.request_id}</requestId>{result}"
    else:
        inner = (
            f"<{action}Result>{result}</{action}Result>"
            f"<ResponseMetadata><RequestId>{call.request_id}</RequestId></ResponseMetadata>"
        )
    body = f'<{action}Response xmlns="{namespace}">{inner}</{action}Response>'
    return 200, [("Content-Type", "text/xml"), ("x-amzn-RequestId", call.request_id)], body.encode()


def _json(call: Call, result: dict[str, object]) -> Answer:
    headers = [("Content-Type", "application/json"), ("x-amzn-RequestId", call.request_id)]
    return 200, headers, json.dumps(result).encode()
