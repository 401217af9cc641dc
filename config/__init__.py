import atexit
import gc

from config.celery import app as celery_app

__all__ = ("celery_app",)

# A process of ours that ends lets the kernel take its memory back. Without this the interpreter first looks through all
# of it for garbage: 0.4 s of processor time each, which six processes that end together wait for on a busy machine.
atexit.register(gc.freeze)
