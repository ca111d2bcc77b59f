"""What ships with the package is found by name, and is sound."""

from __future__ import annotations

import pytest

from gambits import check, load
from gambits.files import bundled

NAMES = ("frontier-lab", "minimal")


def test_the_bundled_portfolios_are_these() -> None:
    assert set(NAMES) <= set(bundled.portfolio_names())


@pytest.mark.parametrize("name", bundled.portfolio_names())
def test_a_bundled_portfolio_is_sound_and_without_warnings(name: str) -> None:
    assert check(name) == ()
    assert load(name).warnings == ()


@pytest.mark.parametrize("name", bundled.portfolio_names())
def test_every_initiative_of_a_bundled_portfolio_has_a_title_and_a_source(name: str) -> None:
    for initiative in load(name).initiatives:
        assert initiative.source, initiative.id
        assert initiative.title != initiative.id


@pytest.mark.parametrize("name", bundled.portfolio_names())
def test_a_bundled_portfolio_weighs_both_paths(name: str) -> None:
    assert {"architect", "alchemist"} <= {each.path for each in load(name).initiatives}


def test_the_frontier_lab_is_of_real_size() -> None:
    """At least 14 initiatives over 8 quarters on the loss law's levers, with a graph of enablers."""
    portfolio = load("frontier-lab")
    levers = {lever.value for each in portfolio.initiatives for lever in each.effects}
    needed = {id for each in portfolio.initiatives for id in each.waits_for}

    assert len(portfolio.initiatives) >= 14
    assert portfolio.periods.count == 8
    assert {"compute", "parameter_efficiency", "data_efficiency", "unique_tokens"} <= levers
    assert {"post_training", "test_time"} <= levers
    assert {"data-platform", "verifier-suite", "training-platform", "evaluation-harness"} <= needed
    assert any(each.path == "scale" and each.effects for each in portfolio.initiatives)


def test_a_name_of_nothing_bundled_is_no_folder() -> None:
    assert bundled.portfolio_folder("nothing") is None
    assert bundled.portfolio_folder("../portfolios/minimal") is None


def test_gambits_and_laws_are_found_by_name() -> None:
    assert set(bundled.profiles()) == {"challenger", "compute-only", "incumbent"}
    assert {"besiroglu-2024", "chinchilla-2022", "muennighoff-2023"} <= set(bundled.laws())
