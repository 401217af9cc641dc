"""What each page and each call of the API takes: the one table, and the one place where it is asked.

A route that has no row here takes `Right.READ` to be read and `Right.OPERATE` to be written. docs/roles.md is made from
this (`python -m tests.roles --write`), and tests/architecture/test_roles.py asks every route as every role.
"""

from __future__ import annotations

from django.http import HttpRequest

from teams.roles import RIGHTS, Right, Role, roles_with

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ANY = "*"

# By method and name of the address. READ for what is a person's own: every role has it.
PAGES: dict[tuple[str, str], Right] = {
    ("POST", "login"): Right.READ,
    ("POST", "logout"): Right.READ,
    ("POST", "profile"): Right.READ,
    ("POST", "profile-notices"): Right.READ,
    ("POST", "password-change"): Right.READ,
    ("POST", "password-reset"): Right.READ,
    ("POST", "password-reset-confirm"): Right.READ,
    ("POST", "confirm-password"): Right.READ,
    ("POST", "admin-login"): Right.READ,
    ("POST", "saml-acs"): Right.READ,
    ("POST", "mfa_authenticate"): Right.READ,
    ("POST", "mfa_login_webauthn"): Right.READ,
    ("POST", "mfa_reauthenticate"): Right.READ,
    ("POST", "mfa_reauthenticate_webauthn"): Right.READ,
    ("POST", "mfa_activate_totp"): Right.READ,
    ("POST", "mfa_deactivate_totp"): Right.READ,
    ("POST", "mfa_add_webauthn"): Right.READ,
    ("POST", "mfa_remove_webauthn"): Right.READ,
    ("POST", "mfa_generate_recovery_codes"): Right.READ,
    ("POST", "sso-confirm"): Right.READ,
    ("POST", "sso-disconnect"): Right.READ,
    ("POST", "usersessions_list"): Right.READ,
    ("POST", "notices"): Right.READ,
    ("POST", "token-create"): Right.READ,  # a token never has more than its person's role
    ("POST", "token-revoke"): Right.READ,
    ("POST", "views"): Right.READ,  # one's own; the team's take OPERATE, as the service knows
    ("POST", "view-delete"): Right.READ,
    ("POST", "team-switch"): Right.READ,
    ("POST", "team-new"): Right.READ,
    ("POST", "team-leave"): Right.READ,
    ("POST", "invitation"): Right.READ,
    # Pages that only lead to a change.
    ("GET", "account-edit"): Right.OPERATE,
    ("GET", "account-suspend"): Right.OPERATE,
    ("GET", "account-rotate"): Right.OPERATE,
    ("GET", "rotate-method"): Right.OPERATE,
    ("GET", "rotate-panel"): Right.OPERATE,
    ("GET", "rotate-setup-file"): Right.OPERATE,
    ("GET", "account-scan"): Right.OPERATE,
    ("GET", "group-new"): Right.OPERATE,
    ("GET", "group-edit"): Right.OPERATE,
    ("GET", "group-delete"): Right.OPERATE,
    ("GET", "group-add"): Right.OPERATE,
    ("GET", "organization-connect"): Right.OPERATE,
    ("GET", "organization-setup"): Right.OPERATE,
    ("GET", "organization-rules"): Right.OPERATE,
    ("GET", "import"): Right.OPERATE,
    ("GET", "import-template"): Right.OPERATE,
    ("GET", "import-job"): Right.OPERATE,
    ("GET", "import-panel"): Right.OPERATE,
    ("GET", "organization-remove"): Right.OPERATE,
    # Drafts hold what somebody typed, and lead to an account.
    ("GET", "wizard"): Right.OPERATE,
    ("GET", "wizard-draft"): Right.OPERATE,
    ("GET", "wizard-regions"): Right.OPERATE,
    ("GET", "wizard-method"): Right.OPERATE,
    ("GET", "wizard-validation"): Right.OPERATE,
    ("GET", "wizard-discard"): Right.OPERATE,
    ("GET", "wizard-setup-file"): Right.OPERATE,
    ("POST", "findings-export"): Right.AUDIT,
    ("GET", "mute-rule-new"): Right.OPERATE,
    ("GET", "framework-new"): Right.OPERATE,
    ("GET", "framework-edit"): Right.OPERATE,
    ("GET", "framework-revision"): Right.OPERATE,
    (ANY, "framework-delete"): Right.MANAGE,  # with answers of people and the course over time
    ("GET", "audit"): Right.AUDIT,
    ("GET", "account-history"): Right.AUDIT,
    (ANY, "account-delete"): Right.MANAGE,
    ("GET", "channels"): Right.READ_CHANNELS,
    ("GET", "channel"): Right.READ_CHANNELS,
    (ANY, "rotation-policy"): Right.MANAGE,
    (ANY, "channel-new"): Right.MANAGE,
    (ANY, "channel-delete"): Right.MANAGE,
    ("POST", "channel-test"): Right.MANAGE,
    ("POST", "channel-secret"): Right.MANAGE,
    ("POST", "channel-switch"): Right.MANAGE,
    ("POST", "engine-team"): Right.MANAGE,
    ("POST", "team-invite"): Right.MANAGE,
    ("POST", "team-invitation-withdraw"): Right.MANAGE,
    ("POST", "team-invitation-send"): Right.MANAGE,
    (ANY, "team-member"): Right.MANAGE,
    ("POST", "team-member-remove"): Right.MANAGE,
    ("POST", "team-token-revoke"): Right.MANAGE,
    (ANY, "team-tokens"): Right.MANAGE,
    (ANY, "team-token-new"): Right.MANAGE,
    (ANY, "team-external-id"): Right.MANAGE,
    (ANY, "team-rename"): Right.MANAGE,
    (ANY, "team-transfers"): Right.MANAGE,
    ("POST", "team-transfer-accept"): Right.MANAGE,
    ("POST", "team-transfer-decline"): Right.MANAGE,
    ("POST", "team-transfer-cancel"): Right.MANAGE,
}
# By method and path below the API's root.
CALLS: dict[tuple[str, str], Right] = {
    ("DELETE", "cloud-accounts/{account_id}"): Right.MANAGE,
    ("GET", "audit/"): Right.AUDIT,
    ("POST", "views/"): Right.READ,  # one's own; the team's take OPERATE, as the call knows
    ("DELETE", "views/{view_id}"): Right.READ,
    ("GET", "channels/"): Right.READ_CHANNELS,
    ("POST", "channels/"): Right.MANAGE,
    ("POST", "channels/{channel_id}/test"): Right.MANAGE,
    ("GET", "channels/{channel_id}"): Right.READ_CHANNELS,
    ("GET", "channels/{channel_id}/messages"): Right.READ_CHANNELS,
    ("POST", "channels/{channel_id}/secret"): Right.MANAGE,
    ("PATCH", "channels/{channel_id}"): Right.MANAGE,
    ("DELETE", "channels/{channel_id}"): Right.MANAGE,
    ("GET", "compliance/{framework}/source"): Right.OPERATE,
    ("DELETE", "compliance/{framework}"): Right.MANAGE,
    ("PUT", "rotation/policy"): Right.MANAGE,
    ("POST", "teams/"): Right.READ,
    ("POST", "teams/{team}/invitations"): Right.MANAGE,
    ("DELETE", "teams/{team}/members/{user}"): Right.READ,  # oneself; somebody else takes MANAGE, as the call knows
}
# What is the whole team's to change, by method and page or call: no membership that is limited to groups may.
WHOLE_TEAM = frozenset(
    {
        ("POST", "engine-team"),
        ("POST", "severity-set"),
        ("POST", "thresholds-set"),
        ("POST", "checks-switch"),
        ("PUT", "checks/{check_id}"),
        ("POST", "compliance-control"),
        ("POST", "compliance-answer-withdraw"),
        ("PUT", "compliance/{framework}/{control}/answer"),
        ("POST", "framework-new"),
        ("POST", "framework-edit"),
        ("POST", "framework-delete"),
        ("POST", "compliance/"),
        ("PUT", "compliance/{framework}"),
        ("DELETE", "compliance/{framework}"),
        ("PUT", "rotation/policy"),
        # A token of an owner may be limited to groups: who sees what else is not for it to say.
        ("POST", "team-invite"),
        ("POST", "team-invitation-withdraw"),
        ("POST", "team-invitation-send"),
        ("POST", "team-member"),
        ("POST", "team-member-remove"),
        ("POST", "team-token-revoke"),
        ("POST", "team-token-new"),
        ("POST", "team-external-id"),
        ("POST", "team-rename"),
        ("POST", "teams/{team}/invitations"),
    }
)
LIMITED = (
    "This is about the whole team, and your membership or token is limited to groups.",
    "Ask somebody without such a limit.",
)
# What the team's page says of roles.
ROLE_ROWS = (
    ("See accounts, findings, assets, scans", Right.READ),
    ("See the audit, export", Right.AUDIT),
    ("See channels", Right.READ_CHANNELS),
    ("Connect, scan, rotate, suppress, mute", Right.OPERATE),
    ("Members, channels, deletion of accounts", Right.MANAGE),
)


def right_for(table: dict[tuple[str, str], Right], method: str, route: str, *, export: bool = False) -> Right:
    """What a route takes. ``export``: the answer leaves as a file, which an auditor and an owner may take."""
    safe = method in SAFE
    right = table.get(("GET" if safe else method, route)) or table.get((ANY, route))
    right = right or (Right.READ if safe else Right.OPERATE)
    return Right.AUDIT if safe and export and right is Right.READ else right


def is_export(request: HttpRequest) -> bool:
    """Whether a list is asked for as a file, see `cloudaccounts.web.exports`."""
    return bool(request.GET.get("format", ""))


def what_it_takes(right: Right) -> str:
    """For people: ``operator or owner``."""
    return _either([role.label.lower() for role in roles_with(right)])


def why_refused(right: Right, role: Role) -> tuple[str, str]:
    """Cause and remedy of a 403."""
    article = "an" if role.label[0] in "AEIOU" else "a"
    return (
        f"This takes the role {what_it_takes(right)}, {right.value}; in this team you are {article} "
        f"{role.label.lower()}.",
        "Ask an owner of the team for that role, or switch to a team where you have it.",
    )


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


class May:
    """For templates: ``{% if may.operate %}``; ``read``, ``audit``, ``read_channels``, ``operate`` and ``manage``."""

    def __init__(self, role: Role | None) -> None:
        self._rights = RIGHTS[role] if role is not None else frozenset()

    def __getattr__(self, name: str) -> bool:
        try:
            return Right[name.upper()] in self._rights
        except KeyError:
            raise AttributeError(name) from None
