"""A folder to run a case in."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

OUT: Final = "out"
"""The folder that a command may write into."""
TMP: Final = "tmp"
"""The folder that a command may write into if it leaves nothing there."""

_MEMORY: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where folders come and go without a disk, if there is such a place."""


@contextmanager
def in_folder(files: dict[str, bytes]) -> Iterator[Path]:
    """Lay files out in an empty folder, and be there."""
    before = Path.cwd(), tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_MEMORY) as name:
        folder = Path(name)
        (folder / OUT).mkdir()
        (folder / TMP).mkdir()
        for file, data in files.items():
            (folder / file).write_bytes(data)
        os.chdir(folder)
        tempfile.tempdir = str(folder / TMP)
        try:
            yield folder
        finally:
            os.chdir(before[0])
            tempfile.tempdir = before[1]
