"""Drafts: an account in the making, one encrypted row each.

Their life in the order of the modules: ``editing``, ``validation`` by a worker, ``completion`` (by a person's request,
or by ``automatic_finish``), ``removal``. ``reconcile`` repairs what a kill interrupted.
"""
