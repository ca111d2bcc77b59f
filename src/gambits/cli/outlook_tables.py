"""What ``gambits project`` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape

from gambits.analyse.sources import Drift
from gambits.cli.tables import framed
from gambits.words import factor, flop, money, oom, percent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from gambits.analyse.datawall import WallLayer
    from gambits.analyse.outlook import Outlook

_FIELD: Final = "for comparison: the field's algorithms"
_NAME: Final = 30
_SECTOR: Final = 20


def outlook(found: Outlook) -> RenderableType:
    """The projection: baseline, initiatives, sources, the data wall, and the market."""
    parts = [_worth(found)]
    if found.baseline:
        parts = [_baseline(found), *parts, _ledger(found)]
    if found.wall:
        parts += [_wall(found), *([_repetition(found)] if found.repetition else []), _trillion(found)]
    if found.suppliers:
        parts.append(_suppliers(found, found.money))
    if found.market is not None:
        parts.append(_market(found, found.money))
    return Group(*parts)


def _baseline(found: Outlook) -> RenderableType:
    table = framed("without the portfolio (log10; means over the futures)")
    is_served = any(row.serving > 0 for row in found.baseline)
    for name in (
        "period",
        "compute, FLOP",
        "unique tokens",
        "effective compute",
        "lost",
        "data have run out",
        "epochs",
    ):
        table.add_column(name, justify="left" if name == "period" else "right")
    if is_served:
        table.add_column("compute that serves", justify="right")
    for row in found.baseline:
        levels = (f"{value:.2f}" for value in (row.compute, row.unique_tokens, row.effective_compute))
        lost = f"{row.compute - row.effective_compute:.2f}"
        serving = [percent(row.serving)] if is_served else []
        table.add_row(row.period, *levels, lost, percent(row.behind), f"{row.epochs:.1f}", *serving)
    return table


def _worth(found: Outlook) -> RenderableType:
    table = framed("what each initiative would add (OOM, averaged as the objective weighs it)")
    table.add_column("initiative", no_wrap=True, overflow="ellipsis", max_width=26)
    table.add_column("path", no_wrap=True)
    for name in ("alone", "per 100 of money", "at the plan", "lost without it", "OOM beyond evidence"):
        table.add_column(name, justify="right")
    for id, each in sorted(found.initiatives.items(), key=lambda item: (-item[1].alone_per_money, item[0])):
        beyond = "–" if each.beyond is None else f"{each.beyond:.1f}"
        numbers = (each.alone, each.alone_per_money, each.marginal, each.with_all)
        table.add_row(escape(id), escape(each.path), *map(oom, numbers), beyond)
    table.add_section()
    for path, value in found.by_path.items():
        per_money = oom(found.path_worth[path].per_money)
        table.add_row("all of a path, by itself", escape(path), oom(value), per_money, "", "", "")
    return table


def _ledger(found: Outlook) -> RenderableType:
    table = framed("where orders of magnitude come from (OOM from the start to the end of each year)")
    table.add_column("source")
    for year in found.ledger:
        table.add_column(year, justify="right")
    for source in next(iter(found.anyway.values()), {}):
        table.add_row(source, *(oom(parts[source]) for parts in found.anyway.values()))
    table.add_section()
    for source in next(iter(found.ledger.values()), {}):
        table.add_row(f"the plan: {source}", *(oom(parts[source]) for parts in found.ledger.values()))
    table.add_row("the plan: all", *(oom(sum(parts.values())) for parts in found.ledger.values()))
    table.add_section()
    both = (sum(found.anyway[year].values()) + sum(parts.values()) for year, parts in found.ledger.items())
    table.add_row("all", *map(oom, both))
    table.add_row(_FIELD, *map(_drift, found.drift.values()))
    return Group(table, *map(escape, _reach(found)))


def _drift(each: Drift) -> str:
    return f"{oom(each.gained)} ({each.low:.2f} to {each.high:.2f})"


def _reach(found: Outlook) -> list[str]:
    if found.reach is None:
        return []
    year, beyond = list(found.reach.beyond.items())[-1]
    share = percent(found.reach.share_of_value)
    return [
        f"The law was fitted up to {flop(found.reach.law)}; at the end of {year} the flagship lies {beyond:.1f} OOM "
        f"beyond it. {share} of the plan's value rests on gains more than 1 OOM beyond their evidence, or without any."
    ]


def _wall(found: Outlook) -> RenderableType:
    table = framed("the data wall: when the optimum needs every token once (90 % intervals)")
    table.add_column("stock", no_wrap=True, overflow="ellipsis", max_width=_NAME)
    for name in ("tokens", "a year", "outrun at, FLOP", "outrun in", "tag"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in found.wall:
        grows = "?" if each.growth is None else f"{each.growth:.2f}×"
        at = f"{_short(each.outrun_at)} ({_short(each.low)}–{_short(each.high)})"
        tag = "" if each.kind == "own" else each.tag
        table.add_row(escape(each.name), _tokens(each.tokens), grows, at, _dates(each), tag)
    twice = ", ".join(f"{name} {factor(value)}" for name, value in found.more_data.items())
    return Group(table, escape(f"Twice the compute asks for more data, before the wall: {twice}."))


def _dates(each: WallLayer) -> str:
    if each.year is None:
        return "not in 50 years"
    late = "later" if each.year_high is None else f"{each.year_high:.0f}"
    early = each.year if each.year_low is None else each.year_low
    return f"{each.year:.1f} ({early:.0f}–{late})"


def _short(log10: float) -> str:
    return flop(log10).removesuffix(" FLOP")


def _tokens(count: float) -> str:
    return f"{count / 1e12:.3g}T"


def _repetition(found: Outlook) -> RenderableType:
    table = framed("what repeated tokens are worth, over new ones (90 % interval of the law)")
    table.add_column("epochs")
    for each in found.repetition:
        table.add_column(str(each.epochs), justify="right")
    table.add_row("the last", *(f"{each.last:.2f}" for each in found.repetition))
    table.add_row("  from", *(f"{each.low:.2f}" for each in found.repetition))
    table.add_row("  to", *(f"{each.high:.2f}" for each in found.repetition))
    table.add_row("all of them", *(f"{each.together:.2f}" for each in found.repetition))
    return table


def _trillion(found: Outlook) -> RenderableType:
    table = framed("what a trillion more unique tokens would be worth (OOM)")
    for name in ("period", "without the plan", "from", "to", "beside the plan"):
        table.add_column(name, justify="left" if name == "period" else "right")
    for each in found.trillion:
        table.add_row(each.period, *map(oom, (each.worth, each.low, each.high, each.with_plan)))
    return table


def _suppliers(found: Outlook, unit: str) -> RenderableType:
    table = framed(f"what a trillion tokens costs from whom ({unit})")
    table.add_column("initiative", no_wrap=True, overflow="ellipsis", max_width=26)
    names = ("usable tokens expected", "its cost", "a trillion", "with what it waits for", "OOM a trillion")
    for name in names:
        table.add_column(name, justify="right")
    for id, each in found.suppliers.items():
        costs = (money(value) for value in (each.money, each.money_per_trillion, each.with_enablers))
        table.add_row(escape(id), _tokens(each.tokens), *costs, oom(each.oom_per_trillion))
    return table


def _market(found: Outlook, unit: str) -> RenderableType:
    assert found.market is not None, "a market that is not there is not shown"
    table = framed(f"tokens in the last period, with the plan ({unit} a day)")
    table.add_column("sector", no_wrap=True, overflow="ellipsis", max_width=_SECTOR)
    for name in ("tokens a day", "token GDP", "serving bill", "index, first period without = 1"):
        table.add_column(name, justify="right")
    for name, each in found.market.items():
        cells = (_tokens(each.tokens_per_day[-1]), f"{each.gdp_per_day[-1]:.3g}", f"{each.bill_per_day[-1]:.3g}")
        table.add_row(escape(name), *cells, f"{each.index[-1]:.2f}")
    return Group(table, *map(escape, _wheel(found, unit)))


def _wheel(found: Outlook, unit: str) -> Iterable[str]:
    wheel = found.flywheel
    if wheel is None:
        return
    surplus, added = wheel.surplus_per_day[-1], wheel.added_per_day[-1]
    line = f"The surplus over serving is {surplus:.3g} {unit} a day, {added:+.3g} of it by the plan"
    if wheel.payback_days is None:
        yield f"{line}, which does not pay for it."
    else:
        days = f"{wheel.payback_days:,.0f} days"
        yield f"{line}: its own money in {days}, what training the flagship costs left aside."
