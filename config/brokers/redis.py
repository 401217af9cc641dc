"""kombu's Redis transport, with workers that survive a restart of Redis.

A worker that held a message which it had not acknowledged yet (all do, while they work: acknowledgements are late)
ended with "AttributeError: 'NoneType' object has no attribute 'hostname'" when Redis was restarted: kombu 5.7 takes the
connection apart first and then tries to put the message back over it. Here the message is dropped instead. Nothing is
lost: a message only wakes a worker, and Redis delivers again what nobody acknowledged.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis, virtual


class QoS(redis.QoS):
    def restore_unacked(self, client: Any = None) -> Any:
        if self._is_gone():
            # Forgotten here only: Redis still counts them as not acknowledged, and delivers them again.
            delivered: Any = self._delivered
            delivered.clear()
            return None
        return super().restore_unacked(client=client)

    def ack(self, delivery_tag: str) -> None:
        if self._is_gone():
            virtual.QoS.ack(self, delivery_tag)
        else:
            super().ack(delivery_tag)

    def _is_gone(self) -> bool:
        """Whether the connection below was taken apart."""
        return getattr(self.channel.connection, "client", None) is None


class Channel(redis.Channel):
    QoS = QoS


class Transport(redis.Transport):
    Channel = Channel
