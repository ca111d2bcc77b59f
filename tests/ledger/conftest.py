"""Shared by the tests of the ledger: runs to record, and places to record them in."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gambits.ledger.records import NewRun


@pytest.fixture(scope="session")
def new_run() -> Callable[..., NewRun]:
    """Give a function that makes a small run; other numbers give another run."""

    def new_run(number: int = 0, portfolio: str = "lab", gambit: str = "incumbent") -> NewRun:
        parts = {
            "inputs": json.dumps({"portfolio": {"name": portfolio, "budget.per_period": number}}),
            "settings": "{}",
            "plan": json.dumps({"objective": number / 7}),
            "source/portfolio.yaml": "the same for all\n",
        }
        return NewRun(
            command="solve",
            portfolio=portfolio,
            file="lab/portfolio.yaml",
            gambit=gambit,
            status="optimal",
            objective=number / 7,
            total_spend=float(number),
            money="USD million",
            reduced_sha256=f"{number:064x}",
            environment='{"python": "3.11"}',
            parts=parts,
        )

    return new_run


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a PostgreSQL server of our own in a temporary folder, as a user that is not root; give its URL."""
    folder = tmp_path_factory.mktemp("postgresql")
    user = pwd.getpwnam("postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name)
    if os.getuid() == 0:
        os.chown(folder, user.pw_uid, user.pw_gid)
        for parent in folder.parents:
            if parent.stat().st_uid == 0 and str(parent).startswith("/tmp/"):
                parent.chmod(parent.stat().st_mode | 0o011)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tools = _tools()
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}

    def run(tool: str, *arguments: str) -> None:
        subprocess.run([tools / tool, *arguments], check=True, capture_output=True, cwd=folder, **as_user)  # type: ignore[call-overload]

    data, log = str(folder / "data"), str(folder / "log")
    run("initdb", "-D", data, "-U", "gambits", "--auth=trust", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start")
    try:
        yield f"postgresql://gambits@127.0.0.1:{port}/postgres"
    finally:
        # On a busy machine a server can take its time; a second word reaches one that the first did not.
        for mode in ("fast", "immediate"):
            stop = [tools / "pg_ctl", "-D", data, "-m", mode, "-t", "60", "stop"]
            if subprocess.run(stop, check=False, capture_output=True, cwd=folder, **as_user).returncode == 0:  # type: ignore[call-overload]
                break


def _tools() -> Path:
    """Find where PostgreSQL's own tools are: Debian keeps them off the path."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
