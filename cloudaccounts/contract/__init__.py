"""What a cloud provider is to the rest of the product.

A provider is one folder under ``cloudaccounts/providers`` (or a distribution of its own, see ``registry``) whose
``provider.py`` holds one instance of `Provider` named ``PROVIDER``. Everything else speaks to it through the types
of this package only, so no other file knows which clouds exist.

Nothing here imports Django or an SDK: the SDK side of a provider can be used, tested and timed without either.
"""
