"""Where the files that ship with the package are: portfolios, gambit profiles, laws.

Portfolios lie at the top of a checkout and inside the package of a wheel; both are found by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_PORTFOLIO_FOLDERS: Final = (_PACKAGE / "portfolios", _PACKAGE.parent.parent / "portfolios")


def portfolio_names() -> tuple[str, ...]:
    """List the bundled portfolios."""
    return tuple(
        sorted({path.parent.name for folder in _PORTFOLIO_FOLDERS for path in folder.glob("*/portfolio.yaml")})
    )


def portfolio_folder(name: str) -> Path | None:
    """Find a bundled portfolio by name; None if there is none."""
    for folder in _PORTFOLIO_FOLDERS:
        if name in portfolio_names() and (folder / name / "portfolio.yaml").is_file():
            return folder / name
    return None


def profiles() -> dict[str, Path]:
    """Map the built-in gambits to their files."""
    return _yaml_files(_PACKAGE / "profiles")


def laws() -> dict[str, Path]:
    """Map the preset laws to their files."""
    return _yaml_files(_PACKAGE / "scaling" / "laws")


def _yaml_files(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
