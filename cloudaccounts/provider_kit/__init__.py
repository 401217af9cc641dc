"""What the providers share, with no cloud, no SDK and (outside `forms`) no Django in it.

A provider may use all of it or none: the contract alone decides what a provider is (see `cloudaccounts.contract`).
Code belongs here where it is the same for several clouds, not where it merely looks alike.
"""
