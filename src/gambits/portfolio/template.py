"""A portfolio as tables to fill in: a folder of CSV tables beside a file, or a workbook."""

from __future__ import annotations

from typing import Any, Final

import yaml

from gambits.files.cells import number_text
from gambits.files.csv_table import csv_text
from gambits.portfolio.content import Content, Value, as_yaml, lay_out, written
from gambits.portfolio.load import FILE_NAME
from gambits.portfolio.schema import PORTFOLIO

_HEAD: Final = "# {name}. Tables stand in files of their own; every key is in the reference of the portfolio file.\n\n"


def csv_folder(node: yaml.MappingNode) -> dict[str, str]:
    """Give the texts of a portfolio file and of the tables that it names, by file name.

    Columns without anything in them are left out; a table can have any key for a heading.
    """
    values: dict[str, Any] = written(PORTFOLIO, node)
    files: dict[str, str] = {}
    for table in lay_out(node, nested=False).tables:
        *parents, last = table.key.split(".")
        inside = values
        for name in parents:
            inside = inside.get(name, {})
        if table.rows:
            inside[last] = f"{last}.csv"
            files[f"{last}.csv"] = _csv(table)
        else:
            inside.pop(last, None)
    head = _HEAD.format(name=values["name"])
    return {FILE_NAME: head + as_yaml(values)} | files


def _csv(table: Content) -> str:
    used = [heading.name for heading in table.headings if any(heading.name in row for row in table.rows)]
    return csv_text(used, ([_text(row.get(name, "")) for name in used] for row in table.rows))


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else number_text(value)
