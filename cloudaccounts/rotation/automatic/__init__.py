"""Credentials that replace themselves: asked for by an account or its team, proven, tested, watched, then deleted.

`making` brings a new key into use, `retiring` ends the old one; `course` is what both write. docs/rotation.md.
"""
