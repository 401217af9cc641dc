"""The terminal, file or pipe that `manage.py up` writes to."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from rich.console import Console


class Output(Console):
    """Raises BrokenPipeError once nobody reads any longer, where rich would end the calling thread in silence."""

    broken = False

    def print(self, *objects: Any, **options: Any) -> None:
        try:
            super().print(*objects, **options)
        except OSError:
            self._buffer.clear()  # rich keeps what it could not write and would try all of it again, each time more
            raise

    def on_broken_pipe(self) -> None:
        self.broken = True
        with suppress(OSError):  # else the interpreter, as it ends, complains about what it could not flush
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.file.fileno())
            os.close(null)
        raise BrokenPipeError
