"""The wizard that connects an account.

``drafts`` holds what a person has entered so far, proves it and turns it into an account; ``steps`` has the forms of
the four steps; ``views`` has the pages, and the storage that lets formtools keep its data in a draft.
"""
