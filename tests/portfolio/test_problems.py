"""Every fault of a portfolio file is reported, each with its line and its mend.

A case is an edit of a sound file; `# here` marks the line that the report has to name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gambits.errors import Problem
from gambits.portfolio.model import Portfolio

LAB = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: 4}
money: USD million
budget: {per_period: 20}
resources:
  gpu: {unit: million GPU-hours, capacity: 5}
frontier:
  compute: {flop: 1e27}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid:
    path: architect
    source: "judgement: a guess"
    cost: 10 to 40
    effects: {data_efficiency: 1.5}
    uses: {gpu: 3}
  play:
    path: alchemist
    source: a paper
    cost: 20
    effects: {unique_tokens: 1e13}
    requires: [verifier]
  verifier:
    path: alchemist
    source: a paper
    cost: 5
"""

MANY_FAULTS = """\
format: gambits/1
name: Small lab
as_of: 2027-01-01
periods: {first: 2027Q1, count: four}
money: USD million
budget: {per_period: 20}
frontier:
  compute: {flop: 1e27}
  unique_tokens: {count: 1e13}
initiatives:
  hybrid:
    path: architect
    cost: 10 to 40
    effcts: {data_efficiency: 1.5}
  play:
    path: alchemist
    source: a paper
    cost: -20
    effects: {unique_tokens: 1e13}
    requires: [verifer]
  verifier:
    path: alchemist
    source: a paper
    cost: 5
    after: [checker]
  checker:
    path: alchemist
    source: a paper
    cost: 5
    after: [verifier]
"""


@dataclass(frozen=True)
class Case:
    """An edit that makes a sound file faulty, and what is to be said about it."""

    code: str
    old: str
    new: str
    message: str
    fix: str

    @property
    def text(self) -> str:
        assert LAB.count(self.old) == 1, "the edit is of one place"
        return LAB.replace(self.old, self.new)

    @property
    def line(self) -> int:
        (line,) = (number for number, line in enumerate(self.text.splitlines(), start=1) if "# here" in line)
        return line


PATH = "    path: architect\n"
GUESS = '    source: "judgement: a guess"\n'
COST = "    cost: 20\n"
NEEDS = "    requires: [verifier]\n"
FRONTIER = "frontier:\n  compute: {flop: 1e27}\n  unique_tokens: {count: 1e13}\n"
TO_THE_EFFECT = LAB[LAB.index(FRONTIER) : LAB.index("    uses:")]
TWO_THAT_WAIT = """\
    requires: [verifier]
  ball: {path: x, source: x, cost: 1, after: [arrow]}
  arrow:  # here
    {path: x, source: x, cost: 1, requires: [ball]}
"""

CASES = (
    # keys
    Case("unknown-key", "money:", "zeal: x  # here\nmoney:", "unknown key `zeal`", "use one of: as_of"),
    Case("unknown-key", COST, f"{COST}    respnse: 1  # here\n", "`initiatives.play.respnse`", "`response`?"),
    Case("unknown-key", "{unique_tokens: 1e13}", "{unique_token: 1e13}  # here", "play.effects", "`unique_tokens`?"),
    Case("unknown-key", COST, f"{COST}    <<: {{lag: 1}}  # here\n", "unknown key `initiatives.play.<<`", "use one of"),
    Case("missing-key", "1, count: 4}", "1}  # here", "`periods.count` is missing", "add `count:`"),
    Case("missing-key", "format: gambits/1\nname: Small lab", "name: Small lab  # here", "`format`", "add `format:`"),
    Case("missing-key", PATH + GUESS, f"{GUESS.rstrip()}  # here\n", "hybrid.path` is missing", "add `path:`"),
    Case("missing-key", PATH + GUESS, f"{PATH.rstrip()}  # here\n", "hybrid.source` is missing", "add `source:`"),
    Case("key-twice", COST, f"{COST}    cost: 30  # here\n", "play.cost` is given twice, first on line 22", "keep one"),
    Case("key-twice", "  play:\n", "  hybrid:  # here\n", "given twice, first on line 13", "keep one of them"),
    Case("key-twice", "money:", "name: Big lab  # here\nmoney:", "`name` is given twice, first on line 2", "keep one"),
    Case(
        "not-an-id",
        "  hybrid:\n",
        "  hybrid.ssm:  # here\n",
        "`hybrid.ssm` cannot name",
        "use letters, digits, - and _",
    ),
    Case("not-an-id", "  hybrid:\n", '  "":  # here\n', "`` cannot name", "use letters"),
    Case("not-an-id", "  hybrid:\n", f"  {'h' * 65}:  # here\n", "cannot name", "use letters"),
    # kinds of values
    Case("wrong-type", COST, f"{COST}    ? [a, b]  # here\n    : 1\n", "a key must be a word", "write `key: value`"),
    Case("wrong-type", COST, "    cost: [20, 30]  # here\n", "found a list", "write a number, `a to b`"),
    Case("wrong-type", "name: Small lab", "name: {en: Small lab}  # here", "expected text, found a mapping", "text"),
    Case(
        "wrong-type", "{per_period: 20}", "20  # here", "`budget`: expected a section", "write its keys below it: per"
    ),
    Case("wrong-type", "{gpu: 3}", "[gpu]  # here", "hybrid.uses`: expected amounts by id", "write `<id>:`"),
    Case("wrong-type", NEEDS, "    requires: [[verifier]]  # here\n", "play.requires`", "write an id"),
    Case("wrong-type", COST, f"{COST}    response: [0.5]  # here\n", "expected pairs", "[[0.3, 0.6], [1, 1]]"),
    Case("empty", COST, "    cost:  # here\n", "found nothing", "or remove the key"),
    Case("empty", "name: Small lab", 'name: " "  # here', "`name`: expected text, found nothing", "write text"),
    Case("not-a-number", COST, "    cost: twenty  # here\n", "`twenty` is not a number", "write digits, as 12"),
    Case("not-a-number", COST, f"{COST}    success: 90 %  # here\n", "`90 %` is not a number", "write a fraction: 0.9"),
    Case("not-a-number", COST, "    cost: 20 million  # here\n", "`20 million`", "without a unit"),
    Case("not-a-number", "count: 4}", "count: four}  # here", "`periods.count`: `four`", "write digits"),
    Case("out-of-range", COST, "    cost: -20  # here\n", "-20 is not above 0", "write a number above 0"),
    Case("out-of-range", "{per_period: 20}", "{per_period: -1}  # here", "`budget.per_period`", "at least 0"),
    Case("out-of-range", COST, f"{COST}    success: 70  # here\n", "70 is not a probability", "between 0 and 1"),
    Case("out-of-range", COST, f"{COST}    takes: 0  # here\n", "0 is not a whole number from 1", "whole number"),
    Case("out-of-range", COST, f"{COST}    lag: 1.5  # here\n", "1.5 is not a whole number", "write a whole number"),
    Case("out-of-range", COST, f"{COST}    quality: 2  # here\n", "2 is not a number above 0 and at most 1", "write"),
    Case("out-of-range", COST, f"{COST}    response: 0  # here\n", "0 is not a number above 0", "at most 1"),
    Case("too-wide", COST, "    cost: 1 to 1e12  # here\n", "are 12 orders of magnitude", "nine at most"),
    Case("too-wide", COST, "    cost: {p10: 1, p50: 1e6, p90: 1e12}  # here\n", "are 12 orders", "nine at most"),
    Case("out-of-range", "money:", "objective: {weights: [0, 0, 0, 0]}  # here\nmoney:", "no weight", "at least one"),
    Case("not-a-date", "2027-01-01", "January 2027  # here", "`January 2027` is not a date", "as 2027-01-31"),
    Case("not-a-date", "2027-01-01", "2027-02-30  # here", "`2027-02-30` is not a date", "write year-month-day"),
    Case("not-a-flag", COST, f"{COST}    must: yes  # here\n", "`yes` is neither true nor false", "true or false"),
    Case("unknown-word", "gambits/1", "gambits/2  # here", "`gambits/2` is not `gambits/1`", "mean `gambits/1`?"),
    Case("unknown-word", "money:", "objective: {weights: evn}  # here\nmoney:", "`evn` is not", "did you mean `even`?"),
    Case("not-a-period", COST, f"{COST}    start: Q2  # here\n", "`Q2` is not a period", "write 2027, 2027Q1 or"),
    Case("range-order", COST, "    cost: 30 to 20  # here\n", "the range 30 to 20 runs downwards", "20 to 30"),
    Case("not-an-estimate", COST, "    cost: {low: 1}  # here\n", "found low", "{p10: …, p50: …, p90: …}"),
    Case("not-concave", COST, f"{COST}    response: [[0.5, 0.9]]  # here\n", "is not [1, 1]", "end the list with"),
    Case("not-concave", COST, f"{COST}    response: [[0.5, 0.2], [1, 1]]  # here\n", "slope rises", "must diminish"),
    Case(
        "not-concave", COST, f"{COST}    response: [[0.6, 0.7], [0.4, 0.8], [1, 1]]  # here\n", "do not rise", "rising"
    ),
    Case("too-steep", COST, f"{COST}    response: [[1e-4, 0.9], [1, 1]]  # here\n", "does 9e+03 times", "to the right"),
    # rules that join several keys
    Case("no-initiatives", LAB[LAB.index("initiatives:") :], "initiatives: {}  # here\n", "no initiatives", "add one"),
    Case("cycle", NEEDS, "    requires: [verifier, play]  # here\n", "`play` waits for itself", "from its own list"),
    Case("cycle", NEEDS, TWO_THAT_WAIT, "these wait for each other: arrow → ball → arrow", "remove one of the links"),
    Case("unknown-initiative", NEEDS, "    after: [verifer]  # here\n", "`verifer`, which is no", "mean `verifier`?"),
    Case("unknown-resource", "{gpu: 3}", "{gpus: 3}  # here", "there is no resource `gpus`", "did you mean `gpu`?"),
    Case("wrong-length", "{per_period: 20}", "{per_period: [1, 2]}  # here", "has 2 numbers for 4 periods", "give 4"),
    Case("wrong-length", "capacity: 5}", "capacity: [5]}  # here", "`resources.gpu.capacity` has 1", "give 4 numbers"),
    Case(
        "wrong-length", "money:", "objective: {weights: [1, 2]}  # here\nmoney:", "`objective.weights` has 2", "give 4"
    ),
    Case("wrong-period", COST, f"{COST}    start: 2027-02  # here\n", "2027-02, not a quarter", "as 2027Q1"),
    Case(
        "unknown-law", "frontier:", "frontier:\n  law: chinchila-2022  # here", "no law `chinchila-2022`", "`chinchilla"
    ),
    Case("unknown-law", "frontier:", "frontier:\n  law: ../law.yaml  # here", "no law `../law.yaml`", "folder"),
    Case("no-frontier", TO_THE_EFFECT, TO_THE_EFFECT[len(FRONTIER) :].rstrip() + "  # here\n", "hybrid", "`frontier:`"),
)
# Chained parts, futures, shared luck, pairs, shared slack, a market: each an addition to the sound file.
ADDITIONS = (
    Case(
        "stages",
        COST,
        "    cost: 20  # here\n    stages: [{name: a, cost: 1}, {name: b, cost: 1}]\n",
        "so its `cost` belongs to them",
        "remove `cost:`",
    ),
    Case("stages", COST, "    stages: [{name: all, cost: 1}]  # here\n", "needs two stages or more", "for names"),
    Case("stages", COST, "    stages: [{name: a, cost: 1}, {name: a, cost: 1}]  # here\n", "a name of its own", "use"),
    Case("missing-key", COST, "    stages: [{name: a, cost: 1}, {name: b}]  # here\n", "stages.1.cost` is miss", "add"),
    Case("wrong-type", COST, "    stages: a then b  # here\n", "play.stages`: expected a list", "write `-` before"),
    Case("scenarios", "money:", "scenarios: []  # here\nmoney:", "`scenarios` is empty", "remove it"),
    Case(
        "scenarios",
        "money:",
        "scenarios:  # here\n  - {name: a, probability: 0.5}\n  - {name: b, probability: 0.4}\nmoney:",
        "add up to 0.9, not 1",
        "make them add up to 1",
    ),
    Case(
        "scenarios",
        "money:",
        "scenarios:  # here\n  - {name: a, probability: 0.5}\n  - {name: a, probability: 0.5}\nmoney:",
        "two scenarios are called `a`",
        "rename one of them",
    ),
    Case(
        "unknown-change",
        "money:",
        "scenarios: [{name: a, probability: 1, change: {initiatives.play.csot: 2}}]  # here\nmoney:",
        "`initiatives.play.csot` is no estimate that can change",
        "did you mean `initiatives.play.cost`?",
    ),
    Case(
        "unknown-change",
        "money:",
        "scenarios: [{name: a, probability: 1, change: {initiatives.nobody.cost: 2}}]  # here\nmoney:",
        "`initiatives.nobody.cost` is not in this portfolio",
        "change what is there",
    ),
    Case(
        "out-of-range",
        "money:",
        "scenarios: [{name: a, probability: 1, change: {initiatives.play.cost: -2}}]  # here\nmoney:",
        "-2 is not above 0",
        "write a number above 0",
    ),
    Case(
        "out-of-range", "money:", "correlation: {path: 0.7, scenario: 0.6}  # here\nmoney:", "shares 1.3 of luck", "1"
    ),
    Case(
        "synergy",
        "money:",
        "synergies: [{between: [hybrid, play], effects: {compute: 0.9}}]  # here\nmoney:",
        "`synergies.0.effects.compute` reaches below 1",
        "a synergy helps",
    ),
    Case(
        "synergy",
        "money:",
        "synergies: [{between: [hybrid], effects: {compute: 1.1}}]  # here\nmoney:",
        "names no pair",
        "name two initiatives",
    ),
    Case(
        "unknown-initiative",
        "money:",
        "synergies: [{between: [hybrid, plya], effects: {compute: 1.1}}]  # here\nmoney:",
        "names `plya`, which is no initiative",
        "did you mean `play`?",
    ),
    Case(
        "overlap",
        "money:",
        "overlaps: [{among: [hybrid, play], lever: data_efficiency, cap: 2}]  # here\nmoney:",
        "`play` has no effect on data_efficiency",
        "leave `play` out",
    ),
    Case(
        "no-market", "{unique_tokens: 1e13}", "{demand: 1.5}  # here", "moves a market that is not there", "`market:`"
    ),
    Case(
        "no-market", "money:", "objective: {token_gdp: 1}  # here\nmoney:", "weighs a market that is not", "`market:`"
    ),
    # rules
    Case("needs", NEEDS, "    requires: [{k: 3, of: [verifier, hybrid]}]  # here\n", "asks for 3 of 2", "2 at most"),
    Case("needs", NEEDS, "    requires: [{any: [verifier], of: [hybrid]}]  # here\n", "has `any`", "keep `any:`"),
    Case("needs", NEEDS, "    requires: [{share: 0.5}]  # here\n", "names nobody", "add `of:` or `any:`"),
    Case("out-of-range", NEEDS, "    requires: {of: verifier, share: 1.5}  # here\n", "requires.share", "at most 1"),
    Case("out-of-range", NEEDS, "    requires: {of: verifier, lag: -1}  # here\n", "requires.lag", "whole number"),
    Case("unknown-key", NEEDS, "    requires: {off: verifier}  # here\n", "requires.off`", "did you mean `of`?"),
    Case("unknown-initiative", NEEDS, "    after: [{any: [verifier, hbrid]}]  # here\n", "`hbrid`", "`hybrid`?"),
    Case("cycle", NEEDS, "    requires: {any: [play, hybrid]}  # here\n", "`play` waits for itself", "remove it"),
    Case("out-of-range", COST, f"{COST}    minimum: 1.2  # here\n", "1.2 is not a number", "at most 1"),
    Case("not-a-flag", COST, f"{COST}    whole: yes  # here\n", "neither true nor false", "true or false"),
    Case("levels", COST, "    levels: [{cost: 9}, {cost: 5}]  # here\n", "do not rise: 9, 5", "the smallest to the"),
    Case("levels", COST, "    levels: []  # here\n", "levels` is empty", "at least one size"),
    Case("levels", COST, "    levels: [{name: 2, cost: 5}, {cost: 9}]  # here\n", "names of their own", "for names"),
    Case("levels", COST, "    levels: [{cost: 5}]\n    cost: 9  # here\n", "`cost` belongs to them", "remove `cost:`"),
    Case(
        "levels",
        COST,
        "    levels: [{cost: 5}]\n    spent: {2026Q4: 1}  # here\n",
        "was spent on one",
        "that was begun",
    ),
    Case(
        "levels",
        COST,
        "    levels: [{cost: 5}]\n    stages: [{name: a, cost: 1}, {name: b, cost: 2}]  # here\n",
        "cannot have `stages`",
        "one initiative for each size",
    ),
    Case("missing-key", COST, "    levels: [{name: small}]  # here\n", "levels.0.cost` is missing", "add `cost:`"),
    Case("as-of", "as_of: 2027-01-01", "as_of: 2028-01-01  # here", "nothing is left to decide", "an earlier day"),
    Case("spent", COST, f"{COST}    spent: {{2027Q1: 1}}  # here\n", "not over on 2027-01-01", "before 2027Q1"),
    Case("spent", COST, f"{COST}    spent: {{2026Q3: 11, 2026Q4: 10}}  # here\n", "is 21, more than the cost", "raise"),
    Case("wrong-period", COST, f"{COST}    spent: {{2026-11: 1}}  # here\n", "2026-11, not a quarter", "as 2027Q1"),
    Case("not-a-period", COST, f"{COST}    spent: {{autumn: 1}}  # here\n", "`autumn` is not a period", "2027Q1"),
    Case("out-of-range", COST, f"{COST}    spent: {{2026Q4: -1}}  # here\n", "-1 is not a number", "at least 0"),
    Case("excludes", "money:", "excludes: [[play]]  # here\nmoney:", "fewer than two", "two initiatives or more"),
    Case("unknown-initiative", "money:", "excludes: [[play, ply]]  # here\nmoney:", "`ply`", "did you mean `play`?"),
    Case("excludes", "money:", "excludes: [[play, verifier]]  # here\nmoney:", "`play` waits for `verifier`", "leave"),
    Case("groups", "money:", "groups: [{among: [play]}]  # here\nmoney:", "limits nothing", "add `min:` or `max:`"),
    Case(
        "groups", "money:", "groups: [{among: [play], min: 0.6, max: 0.3}]  # here\nmoney:", "above its `max`", "lower"
    ),
    Case("unknown-initiative", "money:", "groups: [{among: [ply], min: 0.1}]  # here\nmoney:", "`ply`", "`play`?"),
    Case("counts", "money:", "counts: {min: 3, max: 2}  # here\nmoney:", "above its `max` of 2", "lower one"),
    Case("counts", "money:", "counts: {min: 4}  # here\nmoney:", "3 initiatives may get money", "write 3 at most"),
    Case("out-of-range", "money:", "counts: {max: 1.5}  # here\nmoney:", "1.5 is not a whole number", "whole number"),
    Case(
        "funds",
        "{per_period: 20}",
        "{per_period: 20, funds: [{name: a, paths: [], per_period: 1}]}  # here",
        "no path",
        "at least one",
    ),
    Case(
        "funds",
        "{per_period: 20}",
        "{per_period: 20, funds: [{name: a, paths: x, per_period: 1}, {name: a, paths: x, per_period: 1}]}  # here",
        "two funds are called `a`",
        "rename one",
    ),
    Case(
        "wrong-length",
        "{per_period: 20}",
        "{per_period: 20, funds: [{name: a, paths: alchemist, per_period: [1, 2]}]}  # here",
        "has 2 numbers for 4 periods",
        "give 4 numbers",
    ),
    Case("out-of-range", "{per_period: 20}", "{per_period: 20, reserve: 2}  # here", "2 is not a number", "at most 1"),
    Case(
        "unknown-initiative",
        "money:",
        "current: {plya: 3}  # here\nmoney:",
        "names `plya`, which",
        "did you mean `play`",
    ),
    Case(
        "out-of-range",
        "money:",
        "rivals: {other: {effective_compute: 2e27}}  # here\nmoney:",
        "is a logarithm",
        "write log10 of the FLOP",
    ),
    Case(
        "no-frontier",
        LAB[LAB.index(FRONTIER) : LAB.index("    uses:")],
        "rivals: {other: {effective_compute: 27}}  # here\n"
        + TO_THE_EFFECT[len(FRONTIER) :].rsplit("    effects", 1)[0],
        "`rivals` are measured against a `frontier`",
        "add `frontier:`",
    ),
)
WARNINGS = (
    Case("no-spread", COST, "    cost: 20 to 20  # here\n", "no spread", "write one number"),
    Case(
        "path-alike",
        "    path: architect\n",
        "    path: Architect  # here\n",
        "`hybrid` is on path `Architect`, which has no part in the shares of `architect`",
        "did you mean `architect`?",
    ),
    Case(
        "path-alike", "    path: architect\n", "    path: alchemists  # here\n", "shares of `alchemist`", "`alchemist`?"
    ),
    Case("after-horizon", COST, f"{COST}    start: 2028Q1  # here\n", "after the last period", "no money"),
    Case(
        "no-effect", NEEDS, f"{NEEDS}  idle:  # here\n    {{path: x, source: x, cost: 1}}\n", "`idle` has no effect", ""
    ),
    Case(
        "no-data-limit",
        LAB[LAB.index("frontier:") : LAB.index("    requires:")],
        LAB[LAB.index("frontier:") : LAB.index("    requires:")]
        .replace("frontier:", "frontier:\n  law: chinchilla-2022")
        .replace("{unique_tokens: 1e13}", "{unique_tokens: 1e13}  # here"),
        "unique tokens are worth nothing under chinchilla-2022",
        "use muennighoff-2023",
    ),
    Case("minimum", COST, f"{COST}    whole: true\n    minimum: 0.3  # here\n", "its `minimum` says nothing", "remove"),
    Case(
        "minimum", COST, "    levels: [{cost: 5}]\n    minimum: 0.3  # here\n", "each of which is whole", "remove one"
    ),
    Case(
        "funds",
        "{per_period: 20}",
        "{per_period: 20, funds: [{name: a, paths: architct, per_period: 1}]}  # here",
        "no initiative is on path `architct`",
        "did you mean `architect`?",
    ),
)


def described(case: Case) -> str:
    return f"{case.code} in {case.new.strip().splitlines()[-1].strip()}"


def test_the_file_that_the_cases_edit_is_sound(problems: Callable[[str], tuple[Problem, ...]]) -> None:
    assert problems(LAB) == ()


@pytest.mark.parametrize("case", CASES + ADDITIONS, ids=described)
def test_a_fault_names_its_line_and_its_mend(case: Case, problems: Callable[[str], tuple[Problem, ...]]) -> None:
    found = problems(case.text)
    named = [problem for problem in found if problem.where.line == case.line]

    assert {problem.code for problem in found} == {case.code}, "a fault has no other faults in its wake"
    assert len(named) == 1
    assert case.message in named[0].message
    assert case.fix in named[0].fix


@pytest.mark.parametrize("case", WARNINGS, ids=described)
def test_what_is_probably_not_meant_is_a_warning_and_no_fault(case: Case, read: Callable[[str], Portfolio]) -> None:
    (warning,) = read(case.text).warnings

    assert (warning.code, warning.where.line) == (case.code, case.line)
    assert case.message in warning.message
    assert case.fix in warning.fix


def test_all_faults_of_a_file_are_reported_in_the_order_of_lines(
    problems: Callable[[str], tuple[Problem, ...]],
) -> None:
    found = [(problem.where.line, problem.code) for problem in problems(MANY_FAULTS)]

    assert found == [
        (4, "not-a-number"),  # count: four
        (12, "missing-key"),  # no source
        (14, "unknown-key"),  # effcts
        (18, "out-of-range"),  # cost: -20
        (20, "unknown-initiative"),  # verifer
        (26, "cycle"),  # checker → verifier → checker
    ]


def test_an_id_that_could_not_be_read_in_full_is_still_known(problems: Callable[[str], tuple[Problem, ...]]) -> None:
    """A fault in `verifier` does not make what waits for `verifier` faulty."""
    found = problems(LAB.replace("    cost: 5", "    cost: five"))

    assert [problem.code for problem in found] == ["not-a-number"]


def test_a_problem_that_is_found_twice_is_told_once(problems: Callable[[str], tuple[Problem, ...]]) -> None:
    found = problems(LAB.replace("[verifier]", "[nobody, nobody]"))

    assert [problem.code for problem in found] == ["unknown-initiative"]


@pytest.mark.parametrize(
    ("key", "words"), [("must: true", "both must be funded"), ("spent: {2026Q4: 1}", "both have had money")]
)
def test_two_that_exclude_each_other_cannot_both_be_bound_already(
    key: str, words: str, problems: Callable[[str], tuple[Problem, ...]]
) -> None:
    text = LAB.replace("    path: alchemist\n", f"    path: alchemist\n    {key}\n")
    text = text.replace(NEEDS, "") + "excludes:\n  - [play, verifier]\n"

    (found,) = problems(text)

    assert found.code == "excludes"
    assert found.where.line == text.splitlines().index("  - [play, verifier]") + 1
    assert found.message == f"`play` and `verifier` exclude each other, and {words}"


def test_more_that_must_be_funded_than_may_be_counted(problems: Callable[[str], tuple[Problem, ...]]) -> None:
    text = LAB.replace("    source: a paper\n", "    source: a paper\n    must: true\n") + "counts:\n  max: 1\n"

    (found,) = problems(text)

    assert (found.code, found.where.line) == ("counts", text.splitlines().index("  max: 1") + 1)
    assert found.message == "2 initiatives must be funded, more than the `max` of 1"
