"""Scaling laws as data: constants with their source, interval and tag, read from files.

A preset ships with the package; a law file beside a portfolio has the same form.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import yaml

from gambits.files import bundled
from gambits.files.kinds import BAD, Choice, Kind, Number, Refused, Text, scalar_text
from gambits.files.reading import Report, compose, read_text, stop
from gambits.files.sections import Key, Section
from gambits.scaling.frontier import Constants
from gambits.scaling.published import TAGS, Constant

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT: Final = "gambits-law/1"

_LIMITS: Final = {
    "ln_A": (-20.0, 60.0),
    "ln_B": (-20.0, 60.0),
    "ln_E": (-20.0, 10.0),
    "alpha": (0.01, 2.0),
    "beta": (0.01, 2.0),
    "R_D": (1e-3, 1e6),
    "R_N": (1e-3, 1e6),
}
"""Between which values the constants of any law lie, with orders of magnitude to spare; beyond, powers overflow."""
_DRAWN: Final = tuple(_LIMITS)


@dataclass(frozen=True, slots=True)
class Law:
    """A scaling law; ``fitted_to`` is the largest run behind it, in FLOP."""

    name: str
    title: str
    source: str
    fitted_to: float
    note: str
    constants: Mapping[str, Constant]
    draws: Path | None = None

    @property
    def draws_sha256(self) -> str | None:
        """Digest of the file of draws, None without one."""
        return None if self.draws is None else hashlib.sha256(self.draws.read_bytes()).hexdigest()

    @property
    def inputs(self) -> dict[str, object]:
        """What a plan depends on: the constants by name, and the digest of the draws."""
        constants = {name: constant.value for name, constant in self.constants.items()}
        return {"name": self.name, **constants, "draws_sha256": self.draws_sha256}

    def drawn(self, uniforms: NDArray[np.float64]) -> Constants:
        """Draw the constants jointly: for each uniform a row of the law's bootstrap draws.

        Returns
        -------
        :
            Arrays of shape (R, 1) for R uniforms; the published scalars where the law has no draws.

        Raises
        ------
        InputError
            If the file of draws is not one.
        """
        if self.draws is None:
            return self.central
        table = _read_draws(self.draws)
        rows = table[np.minimum((uniforms * len(table)).astype(np.int64), len(table) - 1)]
        ln_a, ln_b, ln_e, alpha, beta, r_d, r_n = rows.T[:, :, np.newaxis]
        return Constants(ln_a, ln_b, ln_e, alpha, beta, r_d, r_n)

    @property
    def central(self) -> Constants:
        """The published constants."""

        def logarithm(name: str) -> float:
            if f"ln_{name}" in self.constants:
                return self.constants[f"ln_{name}"].value
            return math.log(self.constants[name].value)

        return Constants(
            ln_a=logarithm("A"),
            ln_b=logarithm("B"),
            ln_e=logarithm("E"),
            alpha=self.constants["alpha"].value,
            beta=self.constants["beta"].value,
            r_d=self.constants["R_D"].value if self.has_data_limit else math.inf,
            r_n=self.constants["R_N"].value if self.has_data_limit else math.inf,
        )

    @property
    def has_data_limit(self) -> bool:
        """Whether repeated tokens are worth less than new ones."""
        return "R_D" in self.constants


@dataclass(frozen=True, slots=True)
class _Interval(Kind):
    """Two numbers; an end may be infinite."""

    @property
    def words(self) -> str:
        return "two numbers, `[low, high]`; .inf for no limit"

    def parse(self, node: yaml.Node) -> tuple[float, float]:
        if not isinstance(node, yaml.SequenceNode) or len(node.value) != 2:  # noqa: PLR2004  (a pair)
            raise Refused("wrong-type", "expected two numbers", "write [low, high]")
        low, high = (self._end(item) for item in node.value)
        if low > high:
            raise Refused("range-order", "the interval runs downwards", f"write [{high:g}, {low:g}]")
        return low, high

    def _end(self, node: yaml.Node) -> float:
        if scalar_text(node, "a number") == ".inf":
            return math.inf
        return Number().parse(node)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}


_CONSTANT: Final = Section(
    (
        Key("value", Number(), "the number", required=True),
        Key("tag", Choice(tuple(TAGS)), "how sure we are", required=True),
        Key("interval", _Interval(), "where it lies"),
        Key("level", Number(above=0, high=1), "chance that it lies there"),
        Key("note", Text(), "what a reader should know"),
    )
)

LAW: Final = Section(
    (
        Key("format", Choice((FORMAT,)), "the version of this file format", required=True),
        Key("title", Text(), "what people call it", required=True),
        Key("source", Text(), "where it was published", required=True),
        Key(
            "fitted_to",
            Section(
                (
                    Key("flop", Number(above=0), "the largest run behind the fit", "FLOP", required=True),
                    Key("note", Text(), "how far it reaches", required=True),
                )
            ),
            "where the evidence ends",
            required=True,
        ),
        Key("draws", Text(), "CSV file beside this one with joint draws of the constants"),
        Key(
            "constants",
            Section(
                tuple(
                    Key(name, _CONSTANT, about)
                    for name, about in {
                        "A": "numerator of the parameter term",
                        "B": "numerator of the data term",
                        "E": "irreducible loss, nats a token",
                        "ln_A": "ln A",
                        "ln_B": "ln B",
                        "ln_E": "ln E",
                        "alpha": "exponent of parameters",
                        "beta": "exponent of data",
                        "R_D": "repetitions after which repeated data fade",
                        "R_N": "the same for parameters beyond what the data can feed",
                    }.items()
                )
            ),
            "the numbers",
            required=True,
        ),
    )
)


def load_law(name: str, folder: Path = Path()) -> Law:
    """Read a preset by name, or a law file by its path from ``folder``.

    Raises
    ------
    InputError
        With every problem in the file.
    """
    path = _law_path(name, folder)
    return _load_file(path, name if name in bundled.laws() else path.stem)


def law_files(name: str, folder: Path = Path()) -> tuple[Path, ...]:
    """List the files that a law is read from: its own, and its draws where it has some."""
    draws = load_law(name, folder).draws
    return (_law_path(name, folder),) if draws is None else (_law_path(name, folder), draws)


def _law_path(name: str, folder: Path) -> Path:
    return bundled.laws().get(name, folder / name)


def _load_file(path: Path, name: str) -> Law:
    shown = path.as_posix()
    report = Report(shown)
    draft = LAW.read(compose(read_text(path, shown), shown), report, "")
    _check_constants(draft, report)
    draws = _find_draws(draft, path, report)
    report.raise_problems()
    return Law(
        name=name,
        title=draft["title"],
        source=draft["source"],
        fitted_to=draft["fitted_to"]["flop"],
        note=draft["fitted_to"]["note"],
        constants={key: Constant(key, **each) for key, each in draft["constants"].items()},
        draws=draws,
    )


def _find_draws(draft: Any, path: Path, report: Report) -> Path | None:
    """Find the file of draws, which lies in the folder of the law."""
    if draft is BAD or "draws" not in draft:
        return None
    draws: Path = path.parent / draft["draws"]
    if not draws.resolve().is_relative_to(path.parent.resolve()) or not draws.is_file():
        report.add("draws", "law-draws", f"`draws`: no file `{draft['draws']}` in the law's folder", "check its name")
    return draws


def _read_draws(path: Path) -> NDArray[np.float64]:
    """Read joint draws, shape (draws, 7), in the order of ``Constants``."""
    lines = read_text(path, path.as_posix()).splitlines()
    names = lines[0].split(",") if lines else []
    missing = [name for name in _DRAWN if name not in names]
    if missing or len(lines) < 2:  # noqa: PLR2004  (a heading and a row)
        raise stop(path.as_posix(), 1, "law-draws", f"no columns {', '.join(missing)}", f"give {', '.join(_DRAWN)}")
    columns = [names.index(name) for name in _DRAWN]
    found = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split(",")
        try:
            row = [float(cells[column]) for column in columns]
        except (ValueError, IndexError):
            raise stop(path.as_posix(), number, "law-draws", "not a row of numbers", "mend the row") from None
        for name, value in zip(_DRAWN, row, strict=True):
            if not _is_within(name, value):
                raise stop(path.as_posix(), number, "law-draws", *_beyond(name, value))
        found.append(row)
    return np.array(found)


def _is_within(name: str, value: float) -> bool:
    low, high = _LIMITS[name]
    return low <= value <= high


def _beyond(name: str, value: float) -> tuple[str, str]:
    """Say that a constant is beyond its limits, and how to mend it."""
    low, high = _LIMITS[name]
    return f"{name} = {value:g} is no constant of a law of loss", f"write a number between {low:g} and {high:g}"


def _check_constants(draft: Any, report: Report) -> None:
    """A law has A, B, E (or their logarithms), two exponents above 0, and both of R_D and R_N or none."""
    given = {} if draft is BAD else draft.get("constants", {})
    for name in ("A", "B", "E"):
        if (name in given) == (f"ln_{name}" in given):
            report.add(
                "constants",
                "law-constants",
                f"give {name} or ln_{name}, and one of them only",
                f"mend {name}",
            )
    for name in ("alpha", "beta"):
        if name not in given:
            report.add("constants", "law-constants", f"{name} is missing", f"add `{name}:`")
    if ("R_D" in given) != ("R_N" in given):
        report.add("constants", "law-constants", "R_D and R_N come together", "give both, or neither")
    for name, value in ((name, each["value"]) for name, each in given.items() if "value" in each):
        if name in ("A", "B", "E") and value <= 0:
            report.add(f"constants.{name}", "out-of-range", f"{name} is not above 0", "write a number above 0")
            continue
        shown, number = (name, value) if name in _LIMITS else (f"ln_{name}", math.log(value))
        if not _is_within(shown, number):
            report.add(f"constants.{name}", "out-of-range", *_beyond(shown, number))
