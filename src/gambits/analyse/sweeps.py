"""Many searches side by side: small solves spend their time in HiGHS, which lets go of the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Tell = Callable[[str, int, int], None]
"""Told (of what, how many are done, how many there are) after each search of a sweep."""


def side_by_side(
    task: Callable[[Item], Result], items: Sequence[Item], tell: Tell | None = None, about: str = ""
) -> list[Result]:
    """Give ``task(item)`` for every item, in order; an interrupt or a fault stops what has not begun."""
    pool = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="gambits-sweep")
    try:
        running = [pool.submit(task, item) for item in items]
        for done, future in enumerate(as_completed(running), start=1):
            future.result()
            if tell is not None:
                tell(about, done, len(items))
        return [future.result() for future in running]
    finally:
        pool.shutdown(cancel_futures=True)
