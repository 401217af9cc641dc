"""Who signs in to the organization, where the optional step of set-up was taken: without it all of this is unknown."""

from __future__ import annotations

from cloudaccounts.contract.inventory import Asset
from cloudaccounts.contract.rules import Evaluation, Severity
from cloudaccounts.provider_kit.posture import (
    expect,
    failed,
    known,
    mapping,
    passed,
    posture_check,
    required,
    unknown,
)
from cloudaccounts.providers.gcp.checks.references import cite

_CUSTOMER = "gcp.cloudidentity.customer"
_COMMAND = "gcloud organizations list --format='table(displayName,owner.directoryCustomerId)'"
_PRACTICES = cite("resource-manager/docs/super-admin-best-practices")
FEWEST, MOST = 2, 4


@posture_check(
    "gcp_super_administrators_second_factor",
    "Super administrators who are not enrolled in 2-Step Verification",
    Severity.CRITICAL,
    "cloudidentity",
    _CUSTOMER,
    why="A super administrator can take over everybody's account and every project: one leaked password is enough "
    "without a second factor.",
    console="Google Admin console, Directory, Users, filter by Admin role: Super admin, and have each of them set up "
    "2-Step Verification, with a security key.",
    command=_COMMAND,
    references=_PRACTICES,
    expected={"people.super_administrators_without_second_factor": 0},
)
def super_administrators_second_factor(asset: Asset) -> Evaluation:
    if number := _count(asset, "super_administrators_without_second_factor"):
        return failed(f"{number} super administrator{' is' if number == 1 else 's are'} not enrolled.")
    untold = _count(asset, "super_administrators_second_factor_untold") + _count(asset, "role_untold")
    return _untold(untold) or passed("Every super administrator is enrolled.")


@posture_check(
    "gcp_people_second_factor",
    "People who are not enrolled in 2-Step Verification",
    Severity.HIGH,
    "cloudidentity",
    _CUSTOMER,
    why="Whoever has no second factor is one guessed or leaked password away from being somebody else. Whom another "
    "identity provider signs in may have one there, which Google does not know of.",
    console="Google Admin console, Security, 2-Step Verification: enforce it; Directory, Users shows who is not "
    "enrolled.",
    command=_COMMAND,
    references=_PRACTICES,
    expected={"people.without_second_factor": 0},
)
def people_second_factor(asset: Asset) -> Evaluation:
    number, everybody = _count(asset, "without_second_factor"), _count(asset, "all")
    if number:
        return failed(f"{number} of {everybody} people are not enrolled.")
    return _untold(_count(asset, "second_factor_untold")) or passed("Everybody is enrolled.")


@posture_check(
    "gcp_super_administrators_number",
    "Too many super administrators, or a single one",
    Severity.MEDIUM,
    "cloudidentity",
    _CUSTOMER,
    why="Each super administrator is a way to everything; a single one is lost with a phone. Daily work takes lesser "
    "roles.",
    console="Google Admin console, Account, Admin roles, Super Admin: keep a few, and give the others the roles that "
    "they need.",
    command=_COMMAND,
    references=_PRACTICES,
    expected={"people.super_administrators": f"{FEWEST} to {MOST}"},
)
def super_administrators_number(asset: Asset) -> Evaluation:
    number, untold = _count(asset, "super_administrators"), _count(asset, "role_untold")
    if untold and number <= MOST:
        return unknown(f"Of {untold} people it is not told whether they are super administrators.")
    if number == 0:
        # Each customer has one at least: the list that was read is not of all people.
        return unknown("No super administrator was listed, so not everybody was.")
    sentence = f"There {'is' if number == 1 else 'are'} {number}."
    return expect(FEWEST <= number <= MOST, sentence, sentence)


def _untold(people: int) -> Evaluation | None:
    return unknown(f"Of {people} people it is not told, or not whether they are administrators.") if people else None


def _count(asset: Asset, name: str) -> int:
    known(asset, "people")
    mapping(asset, "people")
    return required(asset, f"people.{name}", int)


CHECKS = (super_administrators_second_factor, people_second_factor, super_administrators_number)
