"""Where the ledger is and whether to record: flag before environment before project file before default."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

import click

_FOLDER: Final = ".gambits"
_FILE: Final = "ledger.db"


def project_setting(name: str, start: Path) -> tuple[Any, Path] | None:
    """Find a setting in the nearest ``gambits.toml`` or ``[tool.gambits]``, from a folder upwards, and its folder."""
    for folder in (start.resolve(), *start.resolve().parents):
        for file, inside in ((folder / "gambits.toml", ()), (folder / "pyproject.toml", ("tool", "gambits"))):
            if file.is_file():
                found = _section(file, inside)
                if name in found:
                    return found[name], folder
    return None


def _section(file: Path, inside: tuple[str, ...]) -> dict[str, Any]:
    try:
        found: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{file} is not TOML: {error}") from None
    for name in inside:
        found = found.get(name, {})
    return found if isinstance(found, dict) else {}


def records_always(start: Path) -> bool:
    """Whether the project file asks to record every run."""
    found = project_setting("record", start)
    if found is None:
        return False
    if not isinstance(found[0], bool):
        raise click.UsageError(f"`record` in {found[1]} is neither true nor false.")
    return found[0]


def ledger_beside(portfolio: str, given: str | None) -> str:
    """Say where the ledger of a portfolio file is: as given, as the project says, or in ``.gambits`` beside it.

    Beside a portfolio that ships with the program nothing can be written: its ledger is in the current folder.
    """
    from gambits.files import bundled

    folder = Path(portfolio).parent
    ships = any(folder.resolve() == bundled.portfolio_folder(name) for name in bundled.portfolio_names())
    return given or _of_project(folder) or str((Path() if ships else folder) / _FOLDER / _FILE)


def ledger_here(given: str | None) -> str:
    """Say where the ledger is that a user means who names none: in this folder, above it, or the one just below it."""
    if given or (found := _of_project(Path())):
        return given or str(found)
    here = Path().resolve()
    for folder in (here, *here.parents):
        if (folder / _FOLDER / _FILE).is_file():
            return _shown(folder / _FOLDER / _FILE)
    below = sorted(here.glob(f"*/{_FOLDER}/{_FILE}"))
    if len(below) > 1:
        names = ", ".join(map(_shown, below))
        raise click.UsageError(f"there is more than one ledger here ({names}): name one with --ledger.")
    return _shown(below[0] if below else here / _FOLDER / _FILE)


def _of_project(start: Path) -> str | None:
    """Give the ledger that a project file names.

    A portfolio that somebody sent may come with such a file. Unless its user works in that folder, it decides on
    nothing outside it.
    """
    found = project_setting("ledger", start)
    if found is None:
        return None
    place, folder = str(found[0]), found[1]
    is_elsewhere = "://" in place or not (folder / place).resolve().is_relative_to(folder)
    if is_elsewhere and not Path.cwd().is_relative_to(folder):
        raise click.UsageError(
            f"the project file in {folder} names a ledger outside it ({place}). If that is meant, work in that folder, "
            "or name the ledger with --ledger."
        )
    return place if "://" in place else str(folder / place)


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
