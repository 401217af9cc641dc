"""What can be done as a job: each kind has a handler, which does one item.

A handler must be repeatable: a worker that dies between the work and the item's row leaves the item waiting, and the
next worker does it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from django.utils.module_loading import autodiscover_modules

from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.models import Job, JobItem
from cloudaccounts.models.job import ItemState
from teams.roles import Right

THREADS = 8  # items at the same time, unless the handler says otherwise


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one item. ``state`` is done, failed or skipped; the texts are those of a `ProviderError`."""

    state: ItemState = ItemState.DONE
    code: str = ""
    cause: str = ""
    remedy: str = ""

    @classmethod
    def failed(cls, error: ProviderError) -> Outcome:
        return cls(ItemState.FAILED, error.code, error.cause, error.remedy)

    @classmethod
    def skipped(cls, cause: str) -> Outcome:
        return cls(ItemState.SKIPPED, cause=cause)


Handler = Callable[[Job, JobItem], Outcome]
Takes = Right | Callable[[Job], Right]
_handlers: dict[str, tuple[Handler, int]] = {}
_rights: dict[str, Takes] = {}
# Rows of older versions outlive an update: their kinds are mapped when they are read, and no migration rewrites them.
_renamed: dict[str, str] = {}  # kinds as older versions wrote them


def handles(kind: str, *, takes: Takes, threads: int = THREADS, formerly: str = "") -> Callable[[Handler], Handler]:
    """Registers the handler of a kind of job. It may raise `ProviderError`. ``threads`` items run at the same time.

    ``takes`` is the right that doing it by its own page or call takes, or says it of one job: who repeats a job that
    somebody else asked for needs it too. It has no default, so that no kind is anybody's by an oversight.
    ``formerly`` is the kind's name in older versions: stored jobs of that name are of this kind.
    """

    def register(handler: Handler) -> Handler:
        _handlers[kind], _rights[kind] = (handler, threads), takes
        if formerly:
            _renamed[formerly] = kind
        return handler

    return register


@cache
def discover() -> None:
    """Loads the handlers of all apps, which name their modules in ``job_handlers``. Once a process."""
    autodiscover_modules("job_handlers")


def current_kind(kind: str) -> str:
    """The name in this version of a stored job's kind."""
    return _renamed.get(kind, kind)


def handler_of(kind: str) -> tuple[Handler, int] | None:
    """Of a stored job's kind, with its number of threads. None where this version does not know it."""
    discover()
    return _handlers.get(current_kind(kind))


def right_of(job: Job) -> Right:
    """What repeating this job takes of whoever asks; of a kind that this version does not know, the most there is."""
    discover()
    takes = _rights.get(current_kind(job.kind), Right.MANAGE)
    return takes if isinstance(takes, Right) else takes(job)
