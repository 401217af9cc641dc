"""A small framework, for the form, the API's description and the documents."""

EXAMPLE = """slug: own_baseline_1.0
title: Our baseline
short: Baseline 1.0
version: "1.0"
# provider: left out, it is about all clouds
source: ""
sections:
  - {id: "1", title: Storage}
  - {id: "2", title: People}
controls:
  - id: "1.1"
    title: Buckets are not public
    assessment: automated
    rules: [aws_s3_bucket_public]
  - id: "2.1"
    title: Leavers lose their access within a day
    assessment: manual
    note: Look at the list of leavers of the last quarter.
"""
