"""A company with many more accounts, for pages that are judged full: who they are, and how well each is kept.

Drawn from the number alone, so that the same fleet comes back after each restart; ids and secrets are those of the
data folder.
"""

import random
from dataclasses import dataclass

_SERVICES = (
    *("checkout", "billing", "search", "catalogue", "orders", "returns", "loyalty", "identity", "mail", "pricing"),
    *("warehouse", "fraud", "reports", "media", "chat", "support", "maps", "stock", "ledger", "payroll", "partners"),
    *("events", "metrics", "models", "features", "labs", "docs", "build", "registry", "edge", "gateway", "backup"),
)
_UNITS = ("Commerce", "Data", "Finance", "Platform", "Logistics", "Research")
_ENVIRONMENTS = (("production", "prod"), ("production", "live"), ("staging", "staging"), ("dev", "dev"))


@dataclass(frozen=True)
class Member:
    """``care`` from 0 (nobody looks after it) to 1; ``age`` of its credential in days; ``blind`` lacks a permission."""

    number: int
    cloud: str
    name: str
    unit: str
    environment: str  # as the product names them
    care: float
    age: int
    by_key: bool  # a standing secret instead of a role
    blind: bool

    def draws(self) -> random.Random:
        """The rest of what is drawn for it; the same at each call."""
        return random.Random(f"{self.number}/{self.name}")  # noqa: S311 # scenery


def members(count: int, cloud: str = "") -> list[Member]:
    """The first ``count`` members, of one cloud or of all."""
    return [member for number in range(count) if (member := _member(number)).cloud == cloud or not cloud]


def _member(number: int) -> Member:
    draws = random.Random(f"fleet/{number}")  # noqa: S311 # scenery
    service = _SERVICES[number % len(_SERVICES)]
    environment, short = _ENVIRONMENTS[number // len(_SERVICES) % len(_ENVIRONMENTS)]
    # Every second round of services has a name of its own: names are told apart by what they are for.
    place = ("", "eu-", "us-", "apac-")[number // (len(_SERVICES) * len(_ENVIRONMENTS)) % 4]
    return Member(
        number=number,
        cloud=draws.choices(("aws", "azure", "gcp"), (60, 25, 15))[0],
        name=f"{place}{service}-{short}",
        unit=_UNITS[number % len(_UNITS)],
        environment=environment,
        # Most are kept well, and some by nobody.
        care=draws.betavariate(4, 1.6),
        age=draws.choice((3, 12, 20, 31, 40, 47, 55, 62, 70, 84, 93, 130)),
        by_key=draws.random() < 0.3,
        blind=draws.random() < 0.09,
    )
