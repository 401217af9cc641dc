"""Examples of resources, a good one and a bad one of each kind, made through the services' own APIs.

Each function makes the examples of one service in one account and region. What is made where, and when, is decided in
`sandbox.aws.holdings`.
"""
