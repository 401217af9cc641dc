"""Sign-in on django-allauth: our adapters, forms, views and addresses around it (docs/decisions)."""
