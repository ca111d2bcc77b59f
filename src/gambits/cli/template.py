"""``gambits template``: a portfolio as a workbook or as tables, to fill in."""

from __future__ import annotations

from pathlib import Path

import click

from gambits.cli.main import json_option
from gambits.cli.output import write, write_bytes, write_json


@click.command()
@click.argument("portfolio", metavar="[PORTFOLIO]", default="minimal")
@click.option(
    "--format",
    "form",
    type=click.Choice(["xlsx", "csv"]),
    help="A workbook, or a folder of CSV tables; as OUT is named, unless told.",
)
@click.option("-o", "--out", metavar="OUT", help="A workbook (.xlsx) or a folder.  [default: portfolio.xlsx]")
@json_option
def template(portfolio: str, form: str | None, out: str | None, as_json: bool) -> None:
    """Write a portfolio as an Excel workbook, or as CSV tables, to fill in; a small example unless one is named."""
    is_book = form == "xlsx" or (form is None and (out is None or out.lower().endswith(".xlsx")))
    target = Path(out or ("portfolio.xlsx" if is_book else "portfolio"))
    if is_book and target.suffix.lower() != ".xlsx":
        raise click.UsageError(f"-o {target}: a workbook ends in .xlsx.")
    files, law = _book(portfolio, target) if is_book else _tables(portfolio, target)
    for path in files:
        if path.exists():
            raise click.UsageError(f"{path} exists and is left as it is; name another with -o.")
    for path, data in files.items():
        write_bytes(data, path)
    if as_json:
        names = [path.as_posix() for path in files]
        write_json({"format": "gambits/template/1", "portfolio": target.as_posix(), "files": names, "law": law})
        return
    beside = f"Copy {law} into its folder: it is the law of the frontier.\n" if law else ""
    write(f"{beside}Fill it in, then:\n\n  gambits check {target}\n  gambits compare {target}\n")


def _book(portfolio: str, target: Path) -> tuple[dict[Path, bytes], str | None]:
    from gambits.portfolio.book import book
    from gambits.portfolio.content import law_file
    from gambits.portfolio.load import tree

    node = tree(portfolio)
    return {target: book(node)}, law_file(node)


def _tables(portfolio: str, folder: Path) -> tuple[dict[Path, bytes], str | None]:
    from gambits.portfolio.content import law_file
    from gambits.portfolio.load import tree
    from gambits.portfolio.template import csv_folder

    node = tree(portfolio)
    return {folder / name: text.encode("utf-8") for name, text in csv_folder(node).items()}, law_file(node)
