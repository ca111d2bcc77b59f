"""What a case's number stands for: the files, the command, and how it may end."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

from click.testing import CliRunner

from fuzz.damage import Damaged, Sound, damaged, scrambled
from fuzz.places import OUT, in_folder
from fuzz.sound import LAYOUTS, sound_gambit, sound_portfolio
from fuzz.wild import wild_file
from gambits.cli import main
from gambits.files import bundled
from gambits.portfolio.gambit import GAMBIT
from gambits.portfolio.schema import PORTFOLIO
from gambits.scaling.laws import LAW

SOUND, DAMAGED, WILD, NOISE = "sound", "damaged", "wild", "noise"
_OPEN: Final = frozenset({0, 3, 4})
_ENDS: Final = {SOUND: frozenset({0}), DAMAGED: frozenset({3}), WILD: _OPEN, NOISE: _OPEN}
_SHARES: Final = {SOUND: 30, DAMAGED: 35, WILD: 15, NOISE: 20}


@dataclass(frozen=True, slots=True)
class Case:
    """A command on files, and the exit codes that it may end with.

    ``kind`` says what was done to the file ``name``; ``damage`` what its report has to name.
    """

    loader: str
    kind: str
    files: dict[str, bytes]
    command: tuple[str, ...]
    ends: frozenset[int]
    damage: Damaged | None = None
    name: str = ""


_LAB: Final = "lab.yaml"
_PLAN: Final = ("--json", "-o", f"{OUT}/plan.json")
_MEMO: Final = ("memo", _LAB, "--certain", "-o", f"{OUT}/memo.md")
_QUICK_MEMO: Final = (*_MEMO, "--quick")
_COMMANDS: Final[dict[tuple[str, ...], int]] = {
    ("check", _LAB, "--json"): 800,
    ("solve", _LAB, "--certain", *_PLAN): 40,
    ("solve", _LAB, "--certain", "--gambit", "challenger", *_PLAN): 40,
    ("solve", _LAB, "--certain", "--gambit", "compute-only", *_PLAN): 40,
    ("solve", _LAB, "--certain"): 40,
    ("project", _LAB, "--certain", "--json"): 20,
    ("compare", _LAB, "--certain", "--json"): 11,
    _QUICK_MEMO: 8,
    _MEMO: 1,
}
"""What is done with a portfolio, and how often: what takes a hundred solves is asked seldom."""


def case(number: int, seed: int) -> Case:
    """Give the case of a number."""
    rng = Random(f"{seed}/{number}")
    state = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
    loader = rng.choices(list(LOADERS), [weight for _, weight in LOADERS.values()])[0]
    return LOADERS[loader][0](state, rng)


def _portfolio(state: str, rng: Random) -> Case:
    text = wild_file(PORTFOLIO, rng) if state == WILD else _one_of(sound_portfolio(rng), _BUNDLED, rng)
    kind, data, damage = _spoilt(state, text, PORTFOLIO, rng)
    command = rng.choices(list(_COMMANDS), list(_COMMANDS.values()))[0]
    if command == _MEMO and text in _BUNDLED:
        command = _QUICK_MEMO  # a whole memo of thirty initiatives takes a minute
    if command[0] in ("solve", "compare") and rng.random() < 0.1:
        command = (*(word for word in command if word != "--certain"), "--draws", "12", "--batches", "0")
    return Case("portfolio", kind, {_LAB: data}, command, _ENDS[state], damage, _LAB)


def _gambit(state: str, rng: Random) -> Case:
    text = wild_file(GAMBIT, rng) if state == WILD else sound_gambit(rng)
    kind, data, damage = _spoilt(state, text, GAMBIT, rng)
    lab = sound_portfolio(rng).encode()
    command = ("solve", "lab.yaml", "--gambit", "mine.yaml", "--certain", "--json", "-o", f"{OUT}/plan.json")
    return Case("gambit", kind, {"mine.yaml": data, "lab.yaml": lab}, command, _ENDS[state], damage, "mine.yaml")


def _law(state: str, rng: Random) -> Case:
    text = wild_file(LAW, rng) if state == WILD else _LAW_TEXT
    kind, data, damage = _spoilt(state, text, LAW, rng)
    draws = _LAW_DRAWS if state == DAMAGED or rng.random() < 0.5 else scrambled(_LAW_DRAWS.decode(), rng)
    draws = _LAW_DRAWS if state == SOUND else draws
    files = {"lab.yaml": _LAB_OF_LAW, "mine.yaml": data, "draws.csv": draws}
    checked = ("check", "lab.yaml", "--json")
    command = ("solve", "lab.yaml", "--draws", "8", "--batches", "0", "--json") if rng.random() < 0.3 else checked
    return Case("law", kind, files, command, _ENDS[state], damage, "mine.yaml")


def _runs(state: str, rng: Random) -> Case:
    rows, damage = _table(rng), None
    if state == DAMAGED:
        line = rng.randrange(1, len(rows))
        cell, code = rng.choice(_BAD_CELLS)
        rows[line] = rng.choice([f"{cell},2e10,2.5", f"1e8,{cell},2.5", f"1e8,2e10,{cell}"])
        if not cell.count(","):
            damage = Damaged("\n".join(rows), code, (line + 1,))
    text = "\n".join(rows) + rng.choice(["\n", ""])
    text = text if state != WILD else text.replace(",", rng.choice([";", "\t", " , "]))
    data = scrambled(text, rng) if state == NOISE else text.encode()
    ends = _ENDS[state] if state != WILD else _OPEN
    return Case("runs", _kind(state, "bad_cell"), {"runs.csv": data}, _FIT, ends, damage, "runs.csv")


def _plan(state: str, rng: Random) -> Case:
    text = _plan_text()
    if state == DAMAGED:
        whole = json.loads(text)
        whole.pop(rng.choice(["format", "objective", "inputs", "initiatives", "periods", "seed", "draws"]))
        text = rng.choice(["[" * 100_000, "{}", "null", "1" * 5000, text[:-9], json.dumps(whole)])
    if state == WILD:
        text = json.dumps(_with_another_value(json.loads(text), rng))
    data = scrambled(text, rng) if state == NOISE else text.encode()
    files = {"old.json": _plan_text().encode(), "new.json": data}
    command = ("diff", "old.json", "new.json", "--worlds", rng.choice(["0", "2"]), "--json")
    return Case("plan", _kind(state, "no_plan"), files, command, _ENDS[state])


@cache
def _plan_text() -> str:
    """Write the plan of a small portfolio."""
    with in_folder({"lab.yaml": sound_portfolio(Random(3)).encode()}):
        return CliRunner().invoke(main, ("solve", "lab.yaml", "--certain", "--json")).stdout


def _with_another_value(whole: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Replace one value somewhere in a tree."""
    at: Any = whole
    while True:
        key = rng.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if not (isinstance(at[key], dict | list) and at[key]) or rng.random() < 0.2:
            at[key] = rng.choice(_VALUES)
            return whole
        at = at[key]


LOADERS: Final[dict[str, tuple[Callable[[str, Random], Case], int]]] = {
    "portfolio": (_portfolio, 168),
    "gambit": (_gambit, 12),
    "law": (_law, 12),
    "runs": (_runs, 1),
    "plan": (_plan, 10),
}
"""What reads files, and how often it has its turn."""


def _spoilt(state: str, text: str, section: object, rng: Random) -> tuple[str, bytes, Damaged | None]:
    """Damage a text as its state says: the kind of damage, the file, what the report has to name."""
    if state == DAMAGED:
        assert section in (PORTFOLIO, GAMBIT, LAW)
        name, damage = damaged(Sound.of(text, section), rng)  # type: ignore[arg-type]
        data = damage.text if isinstance(damage.text, bytes) else damage.text.encode("utf-8", "surrogatepass")
        return name, data, damage
    if state == SOUND:
        return state, rng.choice(LAYOUTS)(text, rng).encode(), None
    return state, scrambled(text, rng) if state == NOISE else text.encode(), None


def _kind(state: str, damage: str) -> str:
    return damage if state == DAMAGED else state


def _one_of(drawn: str, shipped: tuple[str, ...], rng: Random) -> str:
    return rng.choice(shipped) if rng.random() < 0.02 else drawn


def _table(rng: Random) -> list[str]:
    rows = ["N,D,loss"]
    for _ in range(12):
        n, d = 10 ** rng.uniform(7, 9), 10 ** rng.uniform(8.5, 10.5)
        rows.append(f"{n:.4g},{d:.4g},{1.7 + 400 / n**0.34 + 410 / d**0.28:.5f}")
    return rows


_BUNDLED: Final = tuple(
    (folder / "portfolio.yaml").read_text(encoding="utf-8")
    for name in bundled.portfolio_names()
    if (folder := bundled.portfolio_folder(name)) is not None
)
_LAW_FILE: Final[Path] = bundled.laws()["muennighoff-2023"]
_LAW_TEXT: Final = _LAW_FILE.read_text(encoding="utf-8").replace("draws/muennighoff-2023.csv", "draws.csv")
_LAW_DRAWS: Final = b"".join(
    (_LAW_FILE.parent / "draws" / "muennighoff-2023.csv").read_bytes().splitlines(keepends=True)[:9]
)
_LAB_OF_LAW: Final = b"""\
format: gambits/1
name: A law of our own
as_of: 2027-01-01
periods: {first: 2027Q1, count: 2}
money: USD million
budget: {per_period: 10}
frontier: {law: mine.yaml, compute: {flop: 2e27}, unique_tokens: {count: 15e12}}
initiatives:
  a: {path: architect, cost: 15, effects: {data_efficiency: 1.5}, source: judgement}
  b: {path: alchemist, cost: 15, effects: {unique_tokens: 1e13}, source: judgement}
"""
_FIT: Final = ("fit", "runs.csv", "--bootstrap", "0", "--json")
_BAD_CELLS: Final = (
    ("dear", "runs-not-a-number"),
    ("", "runs-empty-cell"),
    ("nan", "runs-not-finite"),
    ("inf", "runs-not-finite"),
    ("-1", "runs-not-positive"),
    ("0", "runs-not-positive"),
    ("1,1", "runs-row-length"),
)
_VALUES: Final = (
    None, True, "", "x", "../../x", "1e9", 0, -1, 1e300, 10**400, math.nan, math.inf, [], {}, [[]], {"a": 1}, "\x1b[2J",
)  # fmt: skip
"""What JSON can hold where something else belongs."""
