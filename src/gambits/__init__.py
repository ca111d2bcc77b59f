"""gambits: split a research budget between learning more from the data there is and making new data.

The names below are the public interface; they are imported when first used, so that ``import gambits`` and
``gambits --help`` stay light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gambits.allocate.plan import Plan
    from gambits.analyse.alternatives import Alternatives
    from gambits.analyse.compare import Comparison
    from gambits.analyse.explanation import Explanation
    from gambits.analyse.frontier import Frontier
    from gambits.analyse.information import Information
    from gambits.analyse.outlook import Outlook
    from gambits.analyse.score import Score
    from gambits.analyse.sensitivity import Sensitivity
    from gambits.analyse.study import Settings
    from gambits.errors import GambitsError, InfeasibleError, InputError, UnfinishedError, VerificationError
    from gambits.forecast.oracle import Forecast
    from gambits.pipeline import alternatives, compare, explain, frontier, project, score, sensitivity, solve, voi
    from gambits.portfolio.gambit import Gambit, load_gambit
    from gambits.portfolio.load import check, load
    from gambits.portfolio.model import Portfolio

__version__ = "0.1.0"

__all__ = [
    "Alternatives",
    "Comparison",
    "Explanation",
    "Forecast",
    "Frontier",
    "Gambit",
    "GambitsError",
    "InfeasibleError",
    "Information",
    "InputError",
    "Outlook",
    "Plan",
    "Portfolio",
    "Score",
    "Sensitivity",
    "Settings",
    "UnfinishedError",
    "VerificationError",
    "alternatives",
    "check",
    "compare",
    "explain",
    "frontier",
    "load",
    "load_gambit",
    "project",
    "score",
    "sensitivity",
    "solve",
    "voi",
]

_HOMES: Final = {
    "Alternatives": "gambits.analyse.alternatives",
    "Comparison": "gambits.analyse.compare",
    "Explanation": "gambits.analyse.explanation",
    "Forecast": "gambits.forecast.oracle",
    "Frontier": "gambits.analyse.frontier",
    "Gambit": "gambits.portfolio.gambit",
    "GambitsError": "gambits.errors",
    "InfeasibleError": "gambits.errors",
    "Information": "gambits.analyse.information",
    "InputError": "gambits.errors",
    "Outlook": "gambits.analyse.outlook",
    "Plan": "gambits.allocate.plan",
    "Portfolio": "gambits.portfolio.model",
    "Score": "gambits.analyse.score",
    "Sensitivity": "gambits.analyse.sensitivity",
    "Settings": "gambits.analyse.study",
    "UnfinishedError": "gambits.errors",
    "VerificationError": "gambits.errors",
    "alternatives": "gambits.pipeline",
    "check": "gambits.portfolio.load",
    "compare": "gambits.pipeline",
    "explain": "gambits.pipeline",
    "frontier": "gambits.pipeline",
    "load": "gambits.portfolio.load",
    "load_gambit": "gambits.portfolio.gambit",
    "project": "gambits.pipeline",
    "score": "gambits.pipeline",
    "sensitivity": "gambits.pipeline",
    "solve": "gambits.pipeline",
    "voi": "gambits.pipeline",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
