"""What another scanner, run as a child of a worker, needs to know of an account: the way in, and which rules pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


# Without the generated representation, as `Credentials`.
@dataclass(frozen=True, slots=True, repr=False)
class EngineAccess:
    """How the scanner signs in to one account, and to nothing else.

    ``arguments`` are its command line and hold no secret: every user of a machine can read those of a process.
    ``environment`` holds the credential. ``files`` are by the name of a variable: its value becomes the path of a
    private file with this text. ``seconds`` is how long the credential works, 0 where that has no end.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)
    seconds: int = 0

    def __repr__(self) -> str:
        return f"<EngineAccess by {', '.join([*self.environment, *self.files])}: values not shown>"


@dataclass(frozen=True, slots=True)
class EnginePair:
    """One of our checks, and those of the other scanner that ask the same: it fails where one of them fails.

    ``by`` is what both name a resource by: ``resource`` (its identifier), ``path`` (that without a host before it and
    without regard to case), ``name`` (its end), ``label`` (how the other scanner shows it, and the end of ours),
    ``region`` or ``account``. ``also`` are further checks of ours that the same ones answer, for another type of
    resource. ``below`` is what the other scanner's path has behind ours, where it tells a part of our resource.
    """

    ours: str
    theirs: tuple[str, ...]
    by: str = "resource"
    also: tuple[str, ...] = ()
    below: str = ""
