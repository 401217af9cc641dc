from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError

from config.brokers import filesystem


@pytest.fixture
def broker(tmp_path: Path) -> Connection:
    filesystem.install()
    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path / "c")}
    return Connection("filesystem://localhost/", transport_options=options)


def test_it_serves_every_filesystem_url(broker: Connection) -> None:
    assert isinstance(broker.transport, filesystem.Transport)


def test_a_consumer_never_sees_half_a_message(broker: Connection, tmp_path: Path) -> None:
    """With kombu's own transport a reader that polls this fast meets empty files."""
    done, broken = threading.Event(), []

    def look() -> None:
        while not done.is_set():
            for path in tmp_path.glob("*.halves.msg"):
                try:
                    json.loads(path.read_text())
                except ValueError:
                    broken.append(path.name)

    reader = threading.Thread(target=look)
    reader.start()
    with broker as connection:
        # A name that nothing else in this process uses: kombu remembers bindings for all folders together.
        queue = connection.SimpleQueue("halves")
        for number in range(300):
            queue.put({"number": number, "filler": "x" * 2000})
        done.set()
        reader.join()
        # Within one millisecond kombu keeps no order, and rows need none.
        assert queue.get(timeout=20).payload["number"] in range(300)
        queue.close()
    assert broken == []
    assert not list(tmp_path.glob(".*.part"))


def test_a_folder_that_is_gone_is_told(broker: Connection, tmp_path: Path) -> None:
    with broker as connection:
        channel: Any = connection.channel()
        channel.data_folder_out = str(tmp_path / "gone")
        with pytest.raises(ChannelError, match="Cannot add a message"):
            channel._put("checks", {"x": 1})


def test_a_wait_for_messages_is_short_so_that_a_worker_sees_that_it_is_to_end(broker: Connection) -> None:
    with broker as connection, connection.SimpleQueue("waiting") as queue:
        began = monotonic()
        with pytest.raises(TimeoutError):
            connection.drain_events(timeout=10)
        assert monotonic() - began < 5
        assert not queue.qsize()


def test_a_message_never_leaves_its_file_system(
    broker: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into another one moving is copying: two may get it, and a kill leaves it in /tmp."""
    monkeypatch.setattr("shutil.move", lambda *_: pytest.fail("It was moved."))
    with broker as connection:
        queue = connection.SimpleQueue("moves")
        queue.put({"number": 1})
        message = queue.get(timeout=5)
        assert message.payload["number"] == 1
        message.ack()
        queue.close()
    assert not list(tmp_path.glob(".*"))
    assert not list(tmp_path.glob("*.msg"))


def test_each_message_is_taken_once(broker: Connection) -> None:
    with broker as connection:
        writer: Any = connection.channel()
        readers = [connection.channel() for _ in range(4)]
        for number in range(200):
            writer._put("once", {"number": number})
        taken: list[int] = []

        def take(channel: Any) -> None:
            with suppress(Empty):
                while True:
                    taken.append(channel._get("once")["number"])

        threads = [threading.Thread(target=take, args=(channel,)) for channel in readers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(taken) == list(range(200))


def test_what_a_killed_consumer_left_goes_in_time(broker: Connection, tmp_path: Path) -> None:
    old, fresh = (tmp_path / f".{name}.checks.msg.x{filesystem.TAKEN}" for name in ("1_a", "2_b"))
    old.write_text("{}")
    fresh.write_text("{}")
    os.utime(old, (0, 0))
    with broker as connection:
        channel: Any = connection.channel()
        assert not old.exists()
        assert fresh.exists()
        with pytest.raises(Empty):
            channel._get("checks")


def test_a_message_that_is_none_is_dropped(broker: Connection, tmp_path: Path) -> None:
    (tmp_path / "1_x.odd.msg").write_text("{half")
    (tmp_path / "2_x.odd.msg").write_text('{"number": 2}')
    with broker as connection:
        channel: Any = connection.channel()
        assert channel._get("odd") == {"number": 2}
