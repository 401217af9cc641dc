"""Scans of connected accounts.

``runs`` does them, ``assets`` stores what they find, ``findings`` what the checks say of it. Each package holds its
models, reads (``queries``), writes, pages (``views``, ``panels``, ``forms``) and API calls. What they share lies beside
them. Models are listed in ``scans.models``.
"""
