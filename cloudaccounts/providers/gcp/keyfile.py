"""A service account key as JSON: read with an allow-list, and rebuilt with Google's own endpoints.

Anybody can write such a file, and Google's loaders follow what is in it: ``token_uri`` gets the signed assertion
whatever host it names, and an ``external_account`` may read any local file and send it anywhere. So the file is never
given to them. Only five of its values are taken, each checked against a pattern; all addresses are ours. A file that
names another address is refused, rather than that address being ignored: Google did not make it.
https://cloud.google.com/docs/authentication/external/externally-sourced-credentials
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.provider_kit.pasted_text import without_byte_order_marks
from cloudaccounts.provider_kit.private_keys import KeyProblem, UnusableKeyError, load_rsa_key
from cloudaccounts.providers.gcp import identifiers

LONGEST = 20_000  # characters; Google's own files have about 2,400
CODE = "service_account_json_invalid"
UNIVERSE = "googleapis.com"
# https://oauth2.googleapis.com/token since 2018, the other two in older files. The first accepts the keys of all.
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 # an address
_TOKEN_URIS = (TOKEN_URI, "https://accounts.google.com/o/oauth2/token", "https://www.googleapis.com/oauth2/v4/token")

_KEY_ID = re.compile(r"[0-9a-f]{40}")
_PEM = re.compile(
    r"-----BEGIN (?:RSA )?PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{200,4000}\n-----END (?:RSA )?PRIVATE KEY-----\n?"
)
_AGAIN = "Upload the file exactly as Google made it when the key was created."
_OTHER_TYPES = {
    "external_account": "a configuration of workload identity federation",
    "external_account_authorized_user": "a configuration of workforce identity federation",
    "authorized_user": "a person's own sign-in, made by gcloud",
    "impersonated_service_account": "a configuration of impersonation",
    "gdch_service_account": "a key of Google Distributed Cloud",
}


def _refuse(code: str, cause: str, remedy: str = _AGAIN) -> NoReturn:
    raise ProviderError(code, cause, remedy)


def too_large(size: int) -> ProviderError:
    """``size`` in bytes or characters."""
    return ProviderError(
        "service_account_json_too_large",
        f"This has about {max(size // 1000, 1):,} kB; a service account key has about 2 kB, and at most 20 kB are "
        "read.",
        _AGAIN,
    )


def clean(raw: str) -> str:
    """The key, rebuilt: JSON with ``client_email``, ``private_key``, ``private_key_id``, ``project_id`` and ``type``.

    Codes ``service_account_json_invalid``, ``…_too_large``, ``…_wrong_type``, ``…_other_universe``, ``…_other_host``.
    """
    rebuilt = _rebuilt(raw)
    _check_key(rebuilt["private_key"])
    return json.dumps(rebuilt, sort_keys=True)


def _rebuilt(raw: str) -> dict[str, str]:
    if len(raw) > LONGEST:
        raise too_large(len(raw))
    data = _parse(raw)
    _check_type(data)
    _check_addresses(data)
    return {
        "client_email": _email(data),
        "private_key": _private_key(_text(data, "private_key")),
        "private_key_id": _matching(data, "private_key_id", _KEY_ID),
        "project_id": _matching(data, "project_id", identifiers.HOST_PROJECT),
        "type": "service_account",
    }


def broken_key() -> ProviderError:
    return ProviderError(CODE, "The private key in it is cut off or was changed.", _AGAIN)


def for_sdk(cleaned: str) -> dict[str, str]:
    """What Google's SDK needs of a key: the values of a cleaned key, with Google's own addresses."""
    # Rebuilt once more: what is stored has no addresses, and gets Google's here.
    return {**_rebuilt(cleaned), "token_uri": TOKEN_URI, "universe_domain": UNIVERSE}


def _parse(raw: str) -> dict[str, Any]:
    text = without_byte_order_marks(raw).strip()
    if not text:
        _refuse(CODE, "There is nothing in it.", "Paste the JSON of the key, or choose its file.")
    if text.startswith("-----BEGIN"):
        _refuse(CODE, "This is a private key alone.", "Paste the whole JSON file of the service account key.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        _refuse(CODE, "This is not JSON, or not all of it.")
    if not isinstance(data, dict):
        _refuse(CODE, "This is JSON, but not a service account key.")
    return data


def _check_type(data: dict[str, Any]) -> None:
    kind = data.get("type")
    if kind == "service_account":
        return
    if isinstance(kind, str) and kind in _OTHER_TYPES:
        _refuse(
            "service_account_json_wrong_type",
            f"This is not a service account key but {_OTHER_TYPES[kind]}. We never follow such a file, because it can "
            "name files of this server and addresses of anybody.",
            "Use the methods “Impersonation” or “Workload identity federation”, or upload a key of type "
            "service_account.",
        )
    # The file of an OAuth client, which the console offers as a JSON download as well.
    if {"installed", "web"} & data.keys():
        _refuse(
            "service_account_json_wrong_type",
            "This is an OAuth client, not a service account key.",
            "Create a key under IAM & Admin, Service accounts, Keys.",
        )
    _refuse("service_account_json_wrong_type", "This JSON is not of type service_account.")


def _check_addresses(data: dict[str, Any]) -> None:
    if data.get("universe_domain", UNIVERSE) != UNIVERSE:
        _refuse(
            "service_account_json_other_universe",
            "This key is of another universe than googleapis.com (a sovereign or private Google Cloud), which is not "
            "supported here.",
            "Use a key of Google's public cloud.",
        )
    if data.get("token_uri", TOKEN_URI) not in _TOKEN_URIS:
        _refuse(
            "service_account_json_other_host",
            "Its token_uri is not Google's: whoever made this file wants signed tokens sent elsewhere. We did not.",
            "Do not use this file. Create a key in Google Cloud yourself.",
        )


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        _refuse(CODE, f"The value {name} is missing in it.")
    return value


def _matching(data: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = _text(data, name)
    if not pattern.fullmatch(value):
        _refuse(CODE, f"The value {name} is not one that Google makes.")
    return value


def _email(data: dict[str, Any]) -> str:
    value = _text(data, "client_email")
    if not identifiers.host_project(value):
        _refuse(CODE, "The value client_email is not the address of a service account (…gserviceaccount.com).")
    return value


def _private_key(pem: str) -> str:
    # Shells and editors change line ends, and escape them once more.
    pem = pem.replace("\r\n", "\n").replace("\\n", "\n")
    if not _PEM.fullmatch(pem):
        raise broken_key()
    return pem


def _check_key(pem: str) -> None:
    """That it is a whole RSA key, so that a truncated paste is noticed at once. It takes 50 ms, so only when
    entered.
    """
    try:
        load_rsa_key(pem)
    except UnusableKeyError as error:
        if error.problem == KeyProblem.OTHER_KIND:
            _refuse(CODE, "The private key in it is not an RSA key, as Google's are.")
        if error.problem == KeyProblem.LARGE:
            _refuse(CODE, "The private key in it is larger than any that Google makes.")
        raise broken_key() from None
