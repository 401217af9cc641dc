"""The wizard's pages, and the parts of them that htmx loads."""
