"""The product's Celery application with a scheduler that does in seconds what it else does in minutes."""

from __future__ import annotations

from config.celery import app

EVERY = 1.0  # seconds
LEFT_OUT = {"server-identities"}  # asks the network who this server is

app.conf.beat_schedule = {
    name: {**entry, "schedule": EVERY} for name, entry in app.conf.beat_schedule.items() if name not in LEFT_OUT
}
