"""A gambit: a risk profile in a small file. Built-in ones are data in ``profiles/``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from gambits.errors import Where
from gambits.files import bundled
from gambits.files.kinds import BAD, Ids, Kind, Number, Text, Whole
from gambits.files.reading import Report, compose, did_you_mean, flatten, plain, read_text, stop
from gambits.files.sections import Draft, Key, Section, Table
from gambits.portfolio.load import make_objective
from gambits.portfolio.model import ALCHEMIST, ARCHITECT, Objective, Portfolio
from gambits.portfolio.schema import PORTFOLIO
from gambits.portfolio.sizes import MOST_WORTH, check_worth_of_points
from gambits.portfolio.validate import check_weights
from gambits.words import as_html

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Share:
    """Limits on a path's share of the money, as fractions."""

    low: float = 0.0
    high: float = 1.0

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:.0%}"
        return f"{self.low:.0%} to {self.high:.0%}"


@dataclass(frozen=True, slots=True)
class Gambit:
    """A risk profile.

    ``shares`` are of the money on the architect and alchemist paths (and on any other path named in it), over
    the horizon; ``aversion`` is λ and ``tail`` is α of (1 − λ)·E[V] + λ·CVaR_α[V]; ``most_for_one`` is a
    fraction of the total budget, and so is ``reserve``, which is kept back; at most ``most_initiatives`` get money;
    ``cvar_floor`` is the least CVaR_α[V] that is accepted, in OOM; ``extrapolation_cap`` is the most money, as a
    fraction of all, for initiatives whose effect reaches more than 1 OOM beyond its evidence; ``only`` names the
    paths that may get money, None for all.
    """

    name: str
    shares: Mapping[str, Share] = field(default_factory=dict)
    aversion: float = 0.0
    tail: float = 0.2
    most_for_one: float | None = None
    cvar_floor: float | None = None
    most_initiatives: int | None = None
    reserve: float = 0.0
    extrapolation_cap: float | None = None
    only: tuple[str, ...] | None = None
    objective: Draft | None = None
    file: str = field(compare=False, default="")
    inputs: Mapping[str, object] = field(compare=False, default_factory=dict)
    where: Mapping[str, Where] = field(compare=False, default_factory=dict)

    def _repr_html_(self) -> str:
        return as_html(self.name, "A gambit: the rules under which money is split.", self.to_frame())

    def to_frame(self) -> pd.DataFrame:
        """Give the rules (rows) and their values; those that do not hold are left out."""
        import pandas as pd  # heavy, and a gambit is read without it

        rules: dict[str, object] = {f"shares.{path}": str(share) for path, share in self.shares.items()}
        rules |= {row.name: getattr(self, row.name) for row in GAMBIT.keys if row.name not in _APART}
        rules["only"] = self.only and ", ".join(self.only)
        held = {name: value for name, value in rules.items() if value is not None}
        return pd.DataFrame({"value": held}, dtype=object).rename_axis("rule")

    def place(self, key: str) -> Where:
        """Say where a key is written, or the file."""
        return self.where.get(key, Where(self.file))

    @property
    def share_paths(self) -> tuple[str, ...]:
        """The paths whose money the shares are fractions of."""
        return tuple(sorted({ARCHITECT, ALCHEMIST, *self.shares}))

    def without_shares(self) -> Gambit:
        """Give the same gambit free to split the money between paths as it likes."""
        return replace(self, name=f"{self.name} without shares", shares={})

    def aversion_over(self, draws: int) -> float:
        """Give λ over so many draws: one draw has no tail, its mean is its worst."""
        return self.aversion if draws > 1 else 0.0

    def objective_for(self, portfolio: Portfolio) -> Objective:
        """Give the objective that holds: the gambit's own if it has one, else the portfolio's.

        Raises
        ------
        InputError
            If the gambit's weights do not fit the portfolio's periods, or its points.
        """
        if self.objective is None:
            return portfolio.objective
        report = Report(self.file, where=dict(self.where))
        check_weights(self.objective, portfolio.periods.count, report, "objective.weights")
        values = ((each.id, each.value) for each in portfolio.initiatives)
        check_worth_of_points(self.objective.get("value", 0.0), values, report)
        report.raise_problems()
        return make_objective(self.objective, portfolio.periods.count)


@dataclass(frozen=True, slots=True)
class ShareKind(Kind):
    """A share: a fraction, a band ``[low, high]``, or ``{min: x}``."""

    @property
    def words(self) -> str:
        return "fraction, `[low, high]`, or `{min: x}`"

    def read(self, node: yaml.Node, report: Report, key: str) -> Any:
        if isinstance(node, yaml.MappingNode):
            draft = _MINIMUM.read(node, report, key)
            return BAD if draft is BAD or "min" not in draft else Share(low=draft["min"])
        return Kind.read(self, node, report, key)

    def parse(self, node: yaml.Node) -> Share:
        if isinstance(node, yaml.SequenceNode) and len(node.value) == 2:  # noqa: PLR2004  (a pair)
            low, high = sorted(_FRACTION.parse(item) for item in node.value)
            return Share(low, high)
        fraction = _FRACTION.parse(node)
        return Share(fraction, fraction)

    def schema(self) -> dict[str, Any]:
        fraction = _FRACTION.schema()
        pair = {"type": "array", "items": fraction, "minItems": 2, "maxItems": 2}
        return {"anyOf": [fraction, pair, _MINIMUM.schema()]}


_FRACTION: Final = Number(low=0, high=1)
_MINIMUM: Final = Section((Key("min", _FRACTION, "at least this much", required=True),))
_OBJECTIVE: Final = next(row.kind for row in PORTFOLIO.keys if row.name == "objective")

_APART: Final = ("name", "shares", "tolerance", "objective")
"""Keys that are not one rule of the record: ``tolerance`` widens the shares."""

GAMBIT: Final = Section(
    (
        Key("name", Text(), "what people call it", required=True),
        Key(
            "shares",
            Table(ShareKind(), "path"),
            "share of the architect and alchemist money, by path",
            "fraction",
        ),
        Key("tolerance", _FRACTION, "how far a share may stray from its number", "fraction", "0"),
        Key("aversion", _FRACTION, "λ: weight of the tail against the mean", default="0"),
        Key(
            "tail",
            Number(above=0, high=1),
            "α: the fraction of worst draws that make the tail",
            default="0.2",
        ),
        Key(
            "most_for_one",
            Number(above=0, high=1),
            "most for one initiative, of the total budget",
            "fraction",
        ),
        Key("only", Ids(), "the paths that may get money", default="all"),
        Key("objective", _OBJECTIVE, "wins over the portfolio's"),
        Key(
            "cvar_floor",
            Number(low=-MOST_WORTH, high=MOST_WORTH),
            "least value of the tail: CVaR_α is at least this",
            "OOM",
        ),
        Key("most_initiatives", Whole(0, 100_000), "most initiatives with money", default="any number"),
        Key("reserve", Number(low=0, high=1), "part of the total budget that is kept back", "fraction", "0"),
        Key(
            "extrapolation_cap",
            _FRACTION,
            "most money on gains that reach more than 1 OOM beyond their evidence (`fitted_to`)",
            "fraction of all money",
        ),
    )
)


def load_gambit(name: str | Path) -> Gambit:
    """Read a gambit: a built-in's name, or a YAML file.

    Raises
    ------
    InputError
        With every problem in the file, or that there is no such gambit.
    """
    path = bundled.profiles().get(str(name), Path(name))
    if not os.path.isfile(path):  # noqa: PTH113  (Path.is_file raises for names that are too long)
        mend = f"{did_you_mean(str(name), bundled.profiles())} or give a file"
        raise stop(str(name), 0, "unknown-gambit", "there is no such gambit", mend)
    shown = path.as_posix()
    report = Report(shown)
    node = compose(read_text(path, shown), shown)
    draft = GAMBIT.read(node, report, "")
    shares = _widened(draft.get("shares", {}), draft.get("tolerance", 0.0))
    _check_shares(shares, report)
    report.raise_problems()
    return Gambit(
        name=draft["name"],
        shares=shares,
        aversion=draft.get("aversion", 0.0),
        tail=draft.get("tail", 0.2),
        most_for_one=draft.get("most_for_one"),
        cvar_floor=draft.get("cvar_floor"),
        most_initiatives=draft.get("most_initiatives"),
        reserve=draft.get("reserve", 0.0),
        extrapolation_cap=draft.get("extrapolation_cap"),
        only=draft.get("only"),
        objective=draft.get("objective"),
        file=shown,
        inputs=dict(sorted(flatten(plain(node)).items())),
        where=report.where,
    )


def _widened(shares: Mapping[str, Share], tolerance: float) -> dict[str, Share]:
    return {
        path: Share(max(0.0, share.low - tolerance), min(1.0, share.high + tolerance))
        for path, share in sorted(shares.items())
    }


def _check_shares(shares: Mapping[str, Share], report: Report) -> None:
    """Shares can add up to one."""
    least = sum(share.low for share in shares.values())
    most = sum(share.high for share in shares.values())
    if least > 1 + 1e-9:
        report.add(
            "shares",
            "shares-sum",
            f"the shares add up to at least {least:g}, more than 1",
            "lower one of them",
        )
    if {ARCHITECT, ALCHEMIST} <= set(shares) and most < 1 - 1e-9:
        report.add("shares", "shares-sum", f"the shares add up to at most {most:g}, less than 1", "raise one of them")
