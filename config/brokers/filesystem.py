"""kombu's filesystem transport, with messages that appear complete.

kombu creates a message's file and then fills it: a consumer that looks in between takes an empty file away, cannot
read it, and the worker ends with "Unrecoverable error: JSONDecodeError" (seen once in half an hour on a busy machine).
Here a message is written under another name and renamed, which POSIX and Windows do in one step.

kombu also moves a message that it takes into the system's folder for temporary files. Where that is another file
system, moving is copying and then deleting: two workers may both get the message, and one that is killed leaves it,
readable, where nobody looks. Here it is renamed beside the others.
"""

from __future__ import annotations

import json
import logging
import uuid
from contextlib import suppress
from pathlib import Path
from queue import Empty
from time import monotonic, time
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem

LONGEST_WAIT = 0.2  # seconds
TAKEN = ".taken"
KEPT = 3600.0  # seconds since it was written: nobody is taking it any more

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        forget_taken(Path(self.data_folder_in))

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]  # as kombu calls it
        folder = Path(self.data_folder_out)
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        draft = folder / f".{name}.part"  # consumers read names that end with a queue's name and .msg: not this one
        try:
            draft.write_text(json.dumps(payload))
            draft.replace(folder / name)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ChannelError(f"Cannot add a message to {folder}") from error

    def _get(self, queue: str) -> dict[str, Any]:  # type: ignore[override]  # as kombu calls it
        """The first message of the queue. Raises `Empty`."""
        folder = Path(self.data_folder_in)
        names = sorted(path.name for path in folder.iterdir())  # by the time in them
        for name in names:
            if name.startswith(".") or name.partition(".")[2] != f"{queue}.msg":
                continue
            # A name of this consumer's own: of two that rename one file, the second finds it gone.
            taken = folder / f".{name}.{uuid.uuid4()}{TAKEN}"
            try:
                (folder / name).rename(taken)
            except OSError:  # another consumer was first
                continue
            try:
                message: dict[str, Any] = json.loads(taken.read_text())
            # Removed below all the same: every consumer would fail at it again. The row that it named is announced
            # anew.
            except ValueError:
                logger.warning("broker.unreadable_message")
                continue
            except OSError as error:
                raise ChannelError(f"Cannot read a message in {folder}") from error
            finally:
                taken.unlink(missing_ok=True)
            return message
        raise Empty


def forget_taken(folder: Path) -> None:
    """Removes what workers left that were killed while they took a message. Rows hold the work itself."""
    for path in folder.glob(f".*{TAKEN}"):
        with suppress(OSError):
            if time() - path.stat().st_mtime > KEPT:
                path.unlink()


class Transport(filesystem.Transport):
    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None, **_: Any) -> None:
        """A worker looks between two calls whether it is to end, and makes one more call once it knows.

        Celery asks for two seconds each, so that a worker with nothing to do needed up to four to end.
        """
        super().drain_events(connection, timeout=None if timeout is None else min(timeout, LONGEST_WAIT))


def install() -> None:
    """Makes every ``filesystem://`` URL of this process use this transport."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
