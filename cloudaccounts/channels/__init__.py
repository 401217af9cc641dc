"""Channels of teams: their rules, what waits for them, and how it is sent (docs/channels.md).

An event becomes an item of each channel that asks for it (`spread`); one worker at a time holds a channel, puts what
waits into a message and sends it (`sending`). What a kind says and how stands in ``notifications/channels/<kind>/``.
"""
