"""kombu's filesystem transport, with messages that appear complete.

kombu creates a message's file and then fills it: a consumer that looks in between takes an empty file away, cannot
read it, and the worker ends with "Unrecoverable error: JSONDecodeError" (seen once in half an hour on a busy machine).
Here a message is written under another name and renamed, which POSIX and Windows do in one step.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem

LONGEST_WAIT = 0.2  # seconds


class Channel(filesystem.Channel):
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
