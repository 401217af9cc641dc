"""How members sign in, for those who manage a team. The app that has sign-in registers what it knows: it lies above."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignIn:
    """``factors`` are the kinds of second factor that a person has set up, in words; recovery codes alone are none."""

    factors: tuple[str, ...] = ()
    single_sign_on: bool = False

    @property
    def words(self) -> str:
        way = "Single sign-on" if self.single_sign_on else "Password"
        return ", ".join([way, *(self.factors or ("no second factor",))])


# Of users by their key; one that is missing has neither.
Source = Callable[[Collection[int]], Mapping[int, SignIn]]
_sources: list[Source] = []


def register(source: Source) -> Source:
    _sources.append(source)
    return source


def sign_ins_of(users: Collection[int]) -> dict[int, SignIn]:
    """Of each of these users; two queries."""
    by_user = {user: SignIn() for user in users}
    for source in _sources:
        by_user |= source(users)
    return by_user
