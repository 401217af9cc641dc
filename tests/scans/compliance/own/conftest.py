from __future__ import annotations

OWN = """\
slug: own_shelf_1.0
title: Our shelf
short: Shelf 1.0
version: 1.0
provider: toy
sections:
  - {id: 1, title: Boxes}
controls:
  - {id: 1.10, title: Boxes are shut, assessment: automated, rules: [toy_box_closed]}  # not the number 1.1
  - {id: "1.2", title: Boxes stand dry, assessment: manual, note: Look under the shelf.}
"""
