"""Why something about teams was refused: code, cause and remedy, as everywhere. `cloudaccounts` answers with them."""

from __future__ import annotations


class TeamError(Exception):
    def __init__(self, code: str, cause: str, remedy: str, *, field: str = "") -> None:
        super().__init__(cause)
        self.code = code
        self.cause = cause
        self.remedy = remedy
        self.field = field  # the input that was refused, where it was one


class LastOwnerError(TeamError):
    def __init__(self) -> None:
        super().__init__(
            "last_owner",
            "A team needs an owner, and this is its last one.",
            "Make another member an owner first.",
        )


class OwnTeamError(TeamError):
    def __init__(self) -> None:
        super().__init__(
            "personal_team",
            "Nobody leaves the own personal team, or is anything but its owner.",
            "Switch to another team instead.",
        )


class InvitationGoneError(TeamError):
    """One answer for unknown, used, withdrawn and ended: it reveals nothing about invitations."""

    def __init__(self) -> None:
        super().__init__(
            "invitation_gone",
            "This invitation was used, was withdrawn or has ended.",
            "Ask an owner of the team for a new one.",
        )


class AlreadyMemberError(TeamError):
    def __init__(self) -> None:
        super().__init__(
            "already_member", "You are a member of this team already.", "An owner of the team can change your role."
        )
