"""What a piece of code does outside itself: files that it writes, connections, processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FILE_EVENTS: Final = {
    "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.chown", "os.truncate",
    "os.utime", "os.setxattr", "shutil.rmtree", "shutil.move", "shutil.copyfile", "tempfile.mkstemp",
}  # fmt: skip
_OTHER_EVENTS: Final = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.startfile",
    "pty.", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.", "pickle.find_class", "ctypes.dlopen",
)  # fmt: skip


class _Watch:
    """Where the interpreter's events go while somebody looks; it calls every hook until it ends."""

    seen: list[str] | None = None
    folders: tuple[str, ...] = ()

    @classmethod
    def hook(cls, event: str, arguments: tuple[Any, ...]) -> None:
        if cls.seen is None:
            return
        if event == "open":
            path, _, flags = arguments
            # A number is a file that is open already; how it came to be was an event of its own.
            if isinstance(flags, int) and flags & _WRITES and not isinstance(path, int):
                cls._note(event, path)
        elif event in ("os.remove", "os.rmdir") and arguments[1] >= 0:
            # Named from a folder that is open: `rmtree` works so.
            cls._note(event, Path(f"/proc/self/fd/{arguments[1]}").readlink() / arguments[0])
        elif event in _FILE_EVENTS:
            for path in arguments[:2] if event in ("os.rename", "os.link", "os.symlink") else arguments[:1]:
                cls._note(event, path)
        elif event.startswith(_OTHER_EVENTS):
            cls.seen.append(f"{event} {arguments}")

    @classmethod
    def _note(cls, event: str, path: Any) -> None:
        name = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else str(path)
        inside = any(f"{os.path.realpath(name)}{os.sep}".startswith(folder + os.sep) for folder in cls.folders)
        if cls.seen is not None and not inside and name != os.devnull:
            cls.seen.append(f"{event} {name}")


sys.addaudithook(_Watch.hook)


@contextmanager
def watched(*folders: Path) -> Iterator[list[str]]:
    """Collect what the code in the block writes outside some folders, connects to, and starts."""
    _Watch.folders = tuple(os.path.realpath(folder) for folder in folders)
    _Watch.seen = []
    try:
        yield _Watch.seen
    finally:
        _Watch.seen = None
