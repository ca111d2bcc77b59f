"""Rules that join several keys. Each is one small function over what could be read, in one tuple."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from gambits.errors import InputError, Where
from gambits.files import bundled
from gambits.files.kinds import BAD, is_id
from gambits.files.reading import Report, did_you_mean
from gambits.files.sections import Draft
from gambits.portfolio.check_rules import RULE_CHECKS, check_members
from gambits.portfolio.effects import (
    check_law_costs_count,
    check_law_gains_count_once,
    check_smaller_models_count_once,
)
from gambits.portfolio.model import ALCHEMIST, ARCHITECT, Lever
from gambits.portfolio.places import by_name
from gambits.portfolio.schema import kind_of
from gambits.portfolio.sizes import (
    check_costs_fit_the_budget,
    check_points_do_not_drown_the_rest,
    check_the_portfolio_can_be_held,
    check_tokens_fit_the_stock,
    check_uses_fit_the_capacity,
)

ROUNDED_LAW: Final = "chinchilla-2022-rounded"
UNLIMITED_LAWS: Final = ("chinchilla-2022", ROUNDED_LAW)
_ALIKE: Final = 0.8
"""From here on two names are taken for one that is misspelt."""
_PROBABILITY_TOLERANCE: Final = 1e-6
_LARGEST_LOG: Final = 60
"""Of a rival's effective compute, log10 FLOP."""
_MAY_BE_ABSENT: Final = ("success", "value", "growth_per_year", "inference_tokens")
"""Estimates with a default, which a scenario may change though they are not written."""


def check_there_is_work(draft: Draft, report: Report, folder: Path) -> None:
    """A portfolio has at least one initiative."""
    if draft.get("initiatives") == {} and not any(key.startswith("initiatives.") for key in report.where):
        report.add("initiatives", "no-initiatives", "there are no initiatives", "add one below `initiatives:`")


def check_paths_are_spelt(draft: Draft, report: Report, folder: Path) -> None:
    """A path may be called anything; one that is nearly architect or alchemist stands outside their shares."""
    for id, initiative in draft.get("initiatives", {}).items():
        path = initiative.get("path", ARCHITECT)
        meant = difflib.get_close_matches(path.lower(), (ARCHITECT, ALCHEMIST), n=1, cutoff=_ALIKE)
        if meant and path != meant[0]:
            message = f"`{id}` is on path `{path}`, which has no part in the shares of `{meant[0]}`"
            report.warn(f"initiatives.{id}.path", "path-alike", message, f"did you mean `{meant[0]}`?")


def check_links_exist(draft: Draft, report: Report, folder: Path) -> None:
    """Every id that an initiative waits for is an initiative, and another one."""
    known = {key.split(".")[1] for key in report.where if key.startswith("initiatives.")}
    for id, key, names in _links(draft):
        place = f"initiatives.{id}.{key}"
        for name in names:
            if name == id:
                report.add(place, "cycle", f"`{id}` waits for itself", "remove it from its own list")
            elif name not in known:
                report.add(
                    place,
                    "unknown-initiative",
                    f"`{place}` names `{name}`, which is no initiative",
                    did_you_mean(name, known),
                )


def check_no_cycles(draft: Draft, report: Report, folder: Path) -> None:
    """Nobody waits, through others, for itself."""
    links: dict[str, list[str]] = {id: [] for id in draft.get("initiatives", {})}
    for id, _, names in _links(draft):
        links[id] += [name for name in names if name != id]
    if not any(links.values()):
        return
    from gambits.portfolio.graph import find_cycles  # networkx takes longer to import than a check takes

    for cycle in find_cycles(links):
        report.add(
            f"initiatives.{cycle[0]}",
            "cycle",
            f"these wait for each other: {' → '.join(cycle)}",
            "remove one of the links from `requires` or `after`",
        )


def check_resources_exist(draft: Draft, report: Report, folder: Path) -> None:
    """Every resource in use is declared."""
    known = {key.split(".")[1] for key in report.where if key.startswith("resources.")}
    for id, initiative in draft.get("initiatives", {}).items():
        for holder, each in ((f"initiatives.{id}", initiative), *_sizes(id, initiative)):
            for name in each.get("uses", {}):
                if name not in known:
                    place = f"{holder}.uses.{name}"
                    message = f"`{place}`: there is no resource `{name}`"
                    mend = did_you_mean(name, known) if known else "declare it below `resources:`"
                    report.add(place, "unknown-resource", message, mend)


def check_lists_fit(draft: Draft, report: Report, folder: Path) -> None:
    """A list by period has one entry for each."""
    count = draft.get("periods", {}).get("count")
    if count is None:
        return
    lists = {"budget.per_period": draft.get("budget", {}).get("per_period")}
    funds = draft.get("budget", {}).get("funds", ())
    lists |= {f"budget.funds.{number}.per_period": fund.get("per_period") for number, fund in enumerate(funds)}
    lists |= {f"resources.{name}.capacity": each.get("capacity") for name, each in draft.get("resources", {}).items()}
    for key, values in lists.items():
        if isinstance(values, tuple) and len(values) != count:
            _wrong_length(report, key, len(values), count)
    check_weights(draft.get("objective", {}), count, report, "objective.weights")


def check_weights(objective: Draft, count: int, report: Report, key: str) -> None:
    """A list of weights has one entry a period, or one more for each period after the horizon."""
    weights = objective.get("weights")
    after = objective.get("after_horizon", 0)
    if isinstance(weights, tuple) and len(weights) not in (count, count + after):
        _wrong_length(report, key, len(weights), count)


def check_periods_agree(draft: Draft, report: Report, folder: Path) -> None:
    """Starts are periods of the portfolio's own length, and within the horizon."""
    periods = draft.get("periods", {})
    first = periods.get("first")
    if first is None:
        return
    for id, initiative in draft.get("initiatives", {}).items():
        start = initiative.get("start")
        place = f"initiatives.{id}.start"
        if start is None:
            continue
        if start.unit is not first.unit:
            unit = first.unit.name.lower()
            report.add(place, "wrong-period", f"`{place}` is {start}, not a {unit}", f"write a {unit}, as {first}")
        elif start.index >= first.index + periods.get("count", 10**9):
            report.warn(place, "after-horizon", f"`{place}` is after the last period", "it can get no money")


def check_law_is_there(draft: Draft, report: Report, folder: Path) -> None:
    """The law is a preset, or a file in the portfolio's folder."""
    law = draft.get("frontier", {}).get("law")
    if law == ROUNDED_LAW:
        message = f"`{law}` shows what rounding does, and must not be used to extrapolate"
        report.warn("frontier.law", "rounded-law", message, "use chinchilla-2022, or muennighoff-2023")
    if law is None or law in bundled.laws():
        return
    path = (folder / law).resolve()
    inside = path.is_relative_to(folder.resolve())
    if not (inside and path.suffix in (".yaml", ".yml") and path.is_file()):
        mend = f"{did_you_mean(law, bundled.laws())} or give a law file (.yaml) in the portfolio's folder"
        report.add("frontier.law", "unknown-law", f"`frontier.law`: there is no law `{law}`", mend)
        return
    from gambits.scaling.laws import load_law  # numpy: only for a law of one's own

    try:
        load_law(law, folder)
    except InputError as error:
        report.problems += error.problems


def check_frontier_is_there(draft: Draft, report: Report, folder: Path) -> None:
    """Scaling levers need a frontier to act on; tokens need a law that knows of a data limit."""
    law = draft.get("frontier", {}).get("law")
    for place, levers in _effects(draft):
        scaling = [lever for lever in levers if not Lever(lever).is_of_market]
        if scaling and "frontier" not in report.where:
            message = f"`{place}` move a scaling law, and there is no `frontier`"
            report.add(place, "no-frontier", message, "add `frontier:`, or use `value`")
        if law in UNLIMITED_LAWS and Lever.UNIQUE_TOKENS.value in levers:
            message = f"`{place}`: unique tokens are worth nothing under {law}, which knows no data limit"
            report.warn(f"{place}.{Lever.UNIQUE_TOKENS.value}", "no-data-limit", message, "use muennighoff-2023")


def check_work_has_a_point(draft: Draft, report: Report, folder: Path) -> None:
    """An initiative does something, or something waits for it."""
    needed = {name for _, _, names in _links(draft) for name in names}
    for id in draft.get("initiatives", {}):
        place = f"initiatives.{id}"
        keys = (f"{place}.effects", f"{place}.value", f"{place}.levels")
        does_nothing = not any(key in report.where for key in keys)
        if does_nothing and id not in needed:
            message = f"`{id}` has no effect, no value, and nothing waits for it"
            report.warn(place, "no-effect", message, "give it `effects`, or name it in another's `requires`")


def check_costs_are_given(draft: Draft, report: Report, folder: Path) -> None:
    """An initiative has a cost, or stages with theirs; stages carry cost and success themselves."""
    for id, initiative in draft.get("initiatives", {}).items():
        place = f"initiatives.{id}"
        if "stages" not in initiative:
            if not any(f"{place}.{key}" in report.where for key in ("cost", "stages", "levels")):
                mend = "add `cost:`, or `stages:` or `levels:` with theirs"
                report.add(place, "missing-key", f"`{place}.cost` is missing", mend)
            continue
        for key in ("cost", "success"):
            if key in initiative:
                message = f"`{place}` has `stages`, so its `{key}` belongs to them"
                report.add(f"{place}.{key}", "stages", message, f"remove `{key}:`, or remove `stages:`")
        names = [stage.get("name", "") for stage in initiative["stages"]]
        if len(names) <= 1 or len(set(names)) < len(names) or not all(is_id(name) for name in names):
            message = f"`{place}.stages` needs two stages or more, each with a name of its own"
            report.add(f"{place}.stages", "stages", message, "use letters, digits, - and _ for names")


def check_scenarios(draft: Draft, report: Report, folder: Path) -> None:
    """Scenarios have names of their own and probabilities that add up to 1."""
    scenarios = draft.get("scenarios")
    if scenarios is None:
        return
    if not scenarios:
        report.add("scenarios", "scenarios", "`scenarios` is empty", "remove it, or name at least one future")
        return
    names = [each.get("name") for each in scenarios]
    for name in sorted({name for name in names if name and names.count(name) > 1}):
        report.add("scenarios", "scenarios", f"two scenarios are called `{name}`", "rename one of them")
    if all("probability" in each for each in scenarios):
        total = sum(each["probability"] for each in scenarios)
        if abs(total - 1) > _PROBABILITY_TOLERANCE:
            message = f"the probabilities of the scenarios add up to {total:g}, not 1"
            report.add("scenarios", "scenarios", message, "make them add up to 1")


def check_changes(draft: Draft, report: Report, folder: Path) -> None:
    """A scenario changes estimates that the portfolio has; the nodes that it gives become estimates here."""
    outside = {key: each for key, each in report.where.items() if not key.startswith(("scenarios", "initiatives."))}
    places = outside | by_name(draft.get("initiatives", {}), report.where)
    for number, scenario in enumerate(draft.get("scenarios") or ()):
        place = f"scenarios.{number}.change"
        found = {}
        for key, node in scenario.get("change", {}).items():
            kind = kind_of(key) if _may_change(key) else None
            here = f"{place}.{key}"
            if kind is None:
                known = [name for name in places if _may_change(name) and kind_of(name)]
                report.add(here, "unknown-change", f"`{key}` is no estimate that can change", did_you_mean(key, known))
            elif not _is_there(key, places):
                parts = " and ".join(f"`{each}`" for each in _of_parts(key, places))
                mend = f"change {parts or 'what is there'}"
                report.add(here, "unknown-change", f"`{key}` is not in this portfolio", mend)
            else:
                estimate = kind.read(node, report, here)
                if estimate is not BAD:
                    found[key] = estimate
        if "change" in scenario:
            scenario["change"] = found


def _may_change(key: str) -> bool:
    """Whether a key is an estimate that is drawn: rules, and what is counted at its median, stay as they are."""
    parts = key.split(".")
    if parts[0] == "initiatives":
        own = parts[4:5] if parts[2:3] in (["stages"], ["levels"]) else parts[2:3]
        return own in (["cost"], ["success"], ["effects"], ["value"])
    return parts[0] in ("frontier", "market", "rivals")


def _is_there(key: str, places: Mapping[str, Where]) -> bool:
    """Whether a key is written, or is a default of something that is."""
    parent, _, name = key.rpartition(".")
    if f"{parent}.stages" in places and name in ("cost", "success"):
        return False
    return key in places or (parent in places and name in _MAY_BE_ABSENT)


def _of_parts(key: str, places: Mapping[str, Where]) -> list[str]:
    """List the same estimate of each stage, where an initiative has it in its stages only."""
    parent, _, name = key.rpartition(".")
    start = f"{parent}.stages."
    stages = dict.fromkeys(place.removeprefix(start).split(".")[0] for place in places if place.startswith(start))
    return [f"{start}{stage}.{name}" for stage in stages]


def check_correlation(draft: Draft, report: Report, folder: Path) -> None:
    """Luck that is shared is at most all of it."""
    shared = draft.get("correlation", {})
    if sum(shared.values()) > 1:
        message = f"`correlation` shares {sum(shared.values()):g} of luck, more than all of it"
        report.add("correlation", "out-of-range", message, "make path and scenario add up to 1 at most")


def check_synergies(draft: Draft, report: Report, folder: Path) -> None:
    """A synergy joins two different initiatives, and helps."""
    for number, synergy in enumerate(draft.get("synergies", ())):
        place = f"synergies.{number}"
        check_members(synergy.get("between"), draft, f"{place}.between", report)
        if len(synergy.get("between", "ab")) != 2:  # noqa: PLR2004  (a pair)
            report.add(f"{place}.between", "synergy", f"`{place}.between` names no pair", "name two initiatives")
        for lever, estimate in synergy.get("effects", {}).items():
            if not Lever(lever).is_additive and min(estimate.values) < 1:
                message = f"`{place}.effects.{lever}` reaches below 1"
                report.add(f"{place}.effects.{lever}", "synergy", message, "a synergy helps: write 1 or more")


def check_overlaps(draft: Draft, report: Report, folder: Path) -> None:
    """An overlap is among initiatives that have the effect, and each is in one overlap a lever at most."""
    initiatives = draft.get("initiatives", {})
    taken: dict[tuple[str, str], int] = {}
    for number, overlap in enumerate(draft.get("overlaps", ())):
        place = f"overlaps.{number}.among"
        check_members(overlap.get("among"), draft, place, report)
        lever = overlap.get("lever", "")
        for id in overlap.get("among", ()):
            levels = initiatives.get(id, {}).get("levels", ())
            at_some_size = any(lever in level.get("effects", {}) for level in levels)
            default = {} if levels else {lever: None}
            if (
                id in initiatives
                and lever
                and lever not in initiatives[id].get("effects", default)
                and not at_some_size
            ):
                report.add(place, "overlap", f"`{id}` has no effect on {lever}", f"leave `{id}` out")
            if (id, lever) in taken:
                message = f"`{id}` is in two overlaps on {lever}"
                report.add(place, "overlap", message, "join the overlaps, or leave it out of one")
            taken[id, lever] = number
        cap = overlap.get("cap")
        if cap is not None and lever and not Lever(lever).is_additive and min(cap.values) < 1:
            report.add(f"overlaps.{number}.cap", "overlap", "the cap reaches below 1", "write 1 or more")


def check_market_is_there(draft: Draft, report: Report, folder: Path) -> None:
    """Levers of the market, and a weight on token GDP, need a market; a token's cost may move a served frontier."""
    if "market" in report.where:
        return
    mend = "add `market:`"
    if draft.get("objective", {}).get("token_gdp"):
        report.add("objective.token_gdp", "no-market", "`objective.token_gdp` weighs a market that is not there", mend)
    if draft.get("budget", {}).get("includes_serving"):
        message = "`budget.includes_serving` pays for serving tokens, and there is no market that asks for any"
        report.add("budget.includes_serving", "no-market", message, mend)
    for place, levers in _effects(draft):
        for lever in levers:
            serves = lever == Lever.INFERENCE_COST.value and "frontier.inference_tokens" in report.where
            if Lever(lever).is_of_market and not serves:
                key, fed = f"{place}.{lever}", lever == Lever.INFERENCE_COST.value
                other = ", or say how much the flagship serves: `frontier.inference_tokens`" if fed else ""
                report.add(key, "no-market", f"`{key}` moves a market that is not there", mend + other)


def check_current(draft: Draft, report: Report, folder: Path) -> None:
    """Today's allocation is of initiatives that there are."""
    check_members(draft.get("current", ()), draft, "current", report)


def check_rivals(draft: Draft, report: Report, folder: Path) -> None:
    """Rivals are measured on the lab's own scale: there is a frontier, and a logarithm is not taken for the FLOP."""
    rivals = draft.get("rivals", {})
    if rivals and "frontier" not in report.where:
        report.add("rivals", "no-frontier", "`rivals` are measured against a `frontier`", "add `frontier:`")
    for name, rival in rivals.items():
        level = rival.get("effective_compute")
        if level is not None and max(level.values) > _LARGEST_LOG:
            place = f"rivals.{name}.effective_compute"
            message = f"`{place}` is a logarithm, and 1e{max(level.values):g} FLOP are beyond all reason"
            report.add(place, "out-of-range", message, "write log10 of the FLOP, as 27.3 for 2e27")


def check_criteria(draft: Draft, report: Report, folder: Path) -> None:
    """A criterion for stopping has a limit."""
    for id, initiative in draft.get("initiatives", {}).items():
        for number, criterion in enumerate(initiative.get("kill", ())):
            if not {"below", "above"} & set(criterion):
                place = f"initiatives.{id}.kill.{number}"
                report.add(place, "no-limit", f"`{place}` has no limit", "add `below:` or `above:`")


def check_pilots(draft: Draft, report: Report, folder: Path) -> None:
    """A pilot informs estimates that there are and that can vary."""
    for id, initiative in draft.get("initiatives", {}).items():
        place = f"initiatives.{id}.pilot.informs"
        named = {f"initiatives.{id}.stages.{each.get('name')}" for each in initiative.get("stages", ())}
        for name in initiative.get("pilot", {}).get("informs", ()):
            key = informed(id, name)
            holder, _, last = key.rpartition(".")
            of_stage = holder in named and last in ("cost", "success")
            if not (of_stage or key == "frontier.law" or (kind_of(key) and key in report.where)):
                known = [each.removeprefix(f"initiatives.{id}.") for each in report.where if _may_inform(each)]
                message = f"`{place}` names `{name}`, which is no estimate of this portfolio"
                report.add(place, "unknown-estimate", message, did_you_mean(name, known))


def _may_inform(key: str) -> bool:
    return kind_of(key) is not None and key.split(".", maxsplit=1)[0] in ("frontier", "initiatives")


def informed(id: str, name: str) -> str:
    """Give the dotted key of an estimate that an initiative's pilot informs: its own by a short name."""
    return name if name.partition(".")[0] in ("frontier", "initiatives") else f"initiatives.{id}.{name}"


CHECKS: Final[tuple[Callable[[Draft, Report, Path], None], ...]] = (
    check_there_is_work,
    check_links_exist,
    check_paths_are_spelt,
    check_no_cycles,
    check_resources_exist,
    check_lists_fit,
    check_periods_agree,
    check_law_is_there,
    check_frontier_is_there,
    check_work_has_a_point,
    check_costs_are_given,
    check_scenarios,
    check_changes,
    check_correlation,
    check_synergies,
    check_overlaps,
    check_market_is_there,
    check_current,
    check_rivals,
    check_law_costs_count,
    check_law_gains_count_once,
    check_smaller_models_count_once,
    check_the_portfolio_can_be_held,
    check_costs_fit_the_budget,
    check_uses_fit_the_capacity,
    check_tokens_fit_the_stock,
    check_points_do_not_drown_the_rest,
    check_criteria,
    check_pilots,
    *RULE_CHECKS,
)


def _effects(draft: Draft) -> Iterator[tuple[str, Draft]]:
    """List (place, effects) of every initiative, and of every size that has its own."""
    for id, initiative in draft.get("initiatives", {}).items():
        for place, holder in ((f"initiatives.{id}", initiative), *_sizes(id, initiative)):
            if "effects" in holder:
                yield f"{place}.effects", holder["effects"]


def _sizes(id: str, initiative: Draft) -> Iterator[tuple[str, Draft]]:
    for number, level in enumerate(initiative.get("levels", ())):
        yield f"initiatives.{id}.levels.{number}", level


def _links(draft: Draft) -> Iterator[tuple[str, str, Any]]:
    for id, initiative in draft.get("initiatives", {}).items():
        for key in ("requires", "after"):
            if key in initiative:
                yield id, key, [name for need in initiative[key] for name in need.of]


def _wrong_length(report: Report, key: str, found: int, wanted: int) -> None:
    message = f"`{key}` has {found} numbers for {wanted} periods"
    report.add(key, "wrong-length", message, f"give {wanted} numbers, or one that holds for all")
