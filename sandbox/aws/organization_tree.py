"""The company's AWS Organization: units, members and who may list them."""

from dataclasses import dataclass, field

MANAGEMENT = "301030103010"
DELEGATED = "301030103020"
ROOT = "r-lark"
ID = "o-larkfield01"
FIRST_MEMBER = 301_030_200_000
MEMBERS = 60  # active ones that the demo and the journeys onboard, beside the accounts that have a life of their own

UNITS = {  # id: (name, parent)
    "ou-lark-security": ("Security", ROOT),
    "ou-lark-infra": ("Infrastructure", ROOT),
    "ou-lark-workload": ("Workloads", ROOT),
    "ou-lark-prod": ("Production", "ou-lark-workload"),
    "ou-lark-staging": ("Staging", "ou-lark-workload"),
    "ou-lark-sandbox": ("Sandbox", ROOT),
    "ou-lark-leaving": ("Leaving", ROOT),
}
_TEAMS = ("orders", "search", "billing", "catalog", "identity", "media", "routing", "pricing", "reviews", "loyalty")


@dataclass
class Member:
    id: str
    name: str
    parent: str
    state: str = "ACTIVE"  # as Organizations spells it


@dataclass
class Organization:
    units: dict[str, tuple[str, str]] = field(default_factory=lambda: dict(UNITS))
    members: dict[str, Member] = field(default_factory=dict)
    delegated: set[str] = field(default_factory=lambda: {DELEGATED})

    def put(self, account_id: str, name: str, parent: str, state: str = "ACTIVE") -> None:
        if parent != ROOT and parent not in self.units:
            raise LookupError(f"no such organizational unit: {parent}")
        self.members[account_id] = Member(account_id, name, parent, state)

    def generated(self) -> list[Member]:
        """Those that only the organization knows of, until their roles are made."""
        return [member for member in self.members.values() if FIRST_MEMBER < int(member.id) <= FIRST_MEMBER + MEMBERS]


def company(own: dict[str, str]) -> Organization:
    """``own`` are the company's accounts that have a life of their own: id and name."""
    tree = Organization()
    tree.put(MANAGEMENT, "larkfield-management", ROOT)
    tree.put(DELEGATED, "security-tooling", "ou-lark-security")
    for account_id, name in own.items():
        tree.put(account_id, name, "ou-lark-prod")
    for number in range(1, MEMBERS + 1):
        team, stage = _TEAMS[number % len(_TEAMS)], ("prod", "staging", "dev")[number % 3]
        parent = {"prod": "ou-lark-prod", "staging": "ou-lark-staging", "dev": "ou-lark-sandbox"}[stage]
        tree.put(str(FIRST_MEMBER + number), f"{team}-{stage}-{number:02}", parent)
    # Two that cannot be entered: discovery has to show them with their state rather than to fail on them.
    tree.put(str(FIRST_MEMBER + 901), "former-shop", "ou-lark-leaving", "SUSPENDED")
    tree.put(str(FIRST_MEMBER + 902), "old-hackathon", "ou-lark-leaving", "PENDING_CLOSURE")
    return tree
