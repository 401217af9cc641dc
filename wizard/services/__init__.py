"""What can be done with drafts. Pages, tasks, admin and commands call these.

Each name is loaded when it is first asked for, as `__init__.pyi` lists them: commands and checks need few of them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
