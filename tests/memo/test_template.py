"""A lab's own template: it may arrange and word as it likes, and every figure in it stays bound."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gambits.cli import main


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)


def templated(folder: Path, text: str, ending: str = "md") -> Result:
    file = folder / f"ours.{ending}.j2"
    file.write_text(text, encoding="utf-8")
    out = folder / f"memo.{ending}"
    return run("memo", "minimal", "--certain", "--template", file, "-o", out)


OURS = """\
# {{ memo.title|text }}, as our board likes it

We ask for {{ figure("plans.incumbent.total_spend", "money") }} {{ figure("about.money") }}
under {{ fixed("ISO 9001") }}.

{{ section("risks")|blocks }}
"""


@pytest.mark.parametrize("ending", ["md", "html"])
def test_a_memo_by_a_template_of_one_s_own_verifies(ending: str, tmp_path: Path) -> None:
    assert templated(tmp_path, OURS, ending).exit_code == 0
    memo = tmp_path / f"memo.{ending}"
    text = memo.read_text(encoding="utf-8")

    assert "as our board likes it" in text
    assert "ISO 9001" in text
    assert run("memo", "minimal", "--check", memo).exit_code == 0
    memo.write_text(text.replace("USD million", "USD 9 million", 1), encoding="utf-8")
    assert run("memo", "minimal", "--check", memo).exit_code == 6


def test_a_fixed_text_may_not_be_edited_either(tmp_path: Path) -> None:
    templated(tmp_path, OURS)
    memo = tmp_path / "memo.md"
    memo.write_text(memo.read_text(encoding="utf-8").replace("ISO 9001", "ISO 9002"), encoding="utf-8")
    result = run("memo", "minimal", "--check", memo)

    assert result.exit_code == 6
    assert "9002" in result.stdout


def test_what_a_record_says_is_escaped_where_a_template_prints_it(tmp_path: Path) -> None:
    templated(tmp_path, "{{ record.portfolio.initiatives['hybrid-backbone'].path }} {{ '<b>*x*</b>' }}", "md")
    templated(tmp_path, "{{ '<b>*x*</b>' }}", "html")

    assert "\\<b\\>\\*x\\*\\</b\\>" in (tmp_path / "memo.md").read_text(encoding="utf-8")
    assert "&lt;b&gt;*x*&lt;/b&gt;" in (tmp_path / "memo.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("We save 12 % a year.", "the template writes figures that are bound to nothing: 12"),
        ("{{ record.about.budget }}", "bound to nothing: 40.0"),
        ("{{ figure('plans.nobody.cvar') }}", "the record has nothing at `plans.nobody.cvar`"),
        ("{{ figure('about.budget', 'loud') }}", "there is no form `loud`"),
        ("{{ section('nothing')|blocks }}", "there is no section `nothing`"),
        ("{% if %}", "the template fails"),
        ("{{ nobody }}", "'nobody' is undefined"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe"),
        ("{% include '/etc/passwd' %}", "the template fails"),
        ("{{ memo.title|text(1, 2, 3) }}", "the template fails"),
        ("{{ 1 // 0 }}", "the template fails"),
    ],
)
def test_a_template_that_is_wrong_is_refused_with_its_name(text: str, message: str, tmp_path: Path) -> None:
    result = templated(tmp_path, text)

    assert result.exit_code == 3
    assert message in result.stderr
    assert "ours.md.j2" in result.stderr
    assert not (tmp_path / "memo.md").exists()


def test_a_template_that_is_not_there_or_not_for_the_format_is_refused(tmp_path: Path) -> None:
    absent = run("memo", "minimal", "--certain", "--template", tmp_path / "none.md.j2")
    (tmp_path / "ours.md.j2").write_text("words", encoding="utf-8")
    other = run("memo", "minimal", "--certain", "--template", tmp_path / "ours.md.j2", "-o", tmp_path / "memo.docx")

    assert (absent.exit_code, other.exit_code) == (3, 3)
    assert "none.md.j2" in absent.stderr
    assert "takes no template" in other.stderr
