"""The picture of money before and after a change."""

from __future__ import annotations

import itertools
import re

from gambits.memo.charts import drawn
from gambits.memo.moves_chart import moves_chart


def test_each_change_is_told_also_one_that_a_tenth_would_round_away() -> None:
    moves = [("cluster", 300.0, 160.0), ("play", 0.0, 20.25), ("tiny", 1.0, 1.02)]
    picture = drawn(lambda altair: moves_chart(altair, moves, "USD million", "What moves"), ".svg").decode()
    told = re.findall(r"<text[^>]*>([^<]*)</text>", picture)

    assert {"cluster", "play", "tiny", "-140.0", "+20.2", "+0.02", "money over the horizon (USD million)"} <= set(told)


def test_no_two_marks_of_the_axis_meet_at_its_end() -> None:
    """The longest label ends well before the next one begins, wherever the largest amount lies."""
    for most in (300.0, 310.0, 41.5, 7.0):
        picture = drawn(lambda altair, most=most: moves_chart(altair, [("a", 0.0, most)], "USD", "x"), ".svg").decode()
        axis = picture.partition("role-axis-label")[2].partition("role-axis-domain")[0]
        places = [float(x) for x in re.findall(r"translate\(([\d.]+),", axis)]
        assert len(places) >= 3
        assert min(b - a for a, b in itertools.pairwise(places)) > 25
