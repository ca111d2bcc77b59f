"""From text to YAML nodes that know their lines, and the report that faults are collected in.

YAML is composed into nodes and never constructed, so a file can create no object, and every value is read
from its text by the kind of its key: ``2e27`` is a number here though YAML 1.1 calls it a string.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import yaml

from gambits.errors import InputError, Problem, Where
from gambits.words import printable

NUMBER_PATTERN = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"
_NUMBER = re.compile(NUMBER_PATTERN)
_LINE_END = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_MOST_BYTES = 20_000_000
_MOST_NODES = 500_000
_MOST_DEPTH = 30
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "value", "merge")
)


class CellMark(yaml.Mark):
    """Stands where YAML's mark of a line does, on nodes that come from a cell of a table."""

    def __init__(self, where: Where) -> None:
        super().__init__(where.file, 0, max(0, where.line - 1), 0, None, 0)
        self.where = where


class FaultyNode(yaml.ScalarNode):
    """A value that is reported already, and not looked at again."""


Place = yaml.Node | Where | str
"""What a fault is pinned to: a node, a place, or a dotted key."""


@dataclass(slots=True)
class Report:
    """The faults found so far in one file and its tables, and the line and value of every key that was read."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    where: dict[str, Where] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)

    def at(self, place: Place) -> Where:
        """Say where a node, or a dotted key or its nearest parent, is written."""
        if isinstance(place, Where):
            return place
        if isinstance(place, yaml.Node):
            mark = place.start_mark
            return mark.where if isinstance(mark, CellMark) else Where(self.file, mark.line + 1)
        key = place
        while key:
            if key in self.where:
                return self.where[key]
            key = key.rpartition(".")[0]
        return Where(self.file, 1)

    def add(self, place: Place, code: str, message: str, fix: str) -> None:
        """Note a fault that makes the file unusable."""
        self.problems.append(Problem(code, self.at(place), printable(message), printable(fix)))

    def warn(self, place: Place, code: str, message: str, fix: str) -> None:
        """Note something that is probably not meant."""
        self.warnings.append(Problem(code, self.at(place), message, fix))

    def raise_problems(self) -> None:
        """Stop with every fault found, in the order of lines.

        Raises
        ------
        InputError
            If any fault was noted.
        """
        if self.problems:
            unique = dict.fromkeys(sorted(self.problems, key=lambda each: (each.where.order, each.message)))
            raise InputError(tuple(unique))


def as_shown(path: Path) -> str:
    """Name a file as its reader would: from the folder they are in, if it lies below it."""
    resolved, here = path.resolve(), Path.cwd()
    return (resolved.relative_to(here) if resolved.is_relative_to(here) else path).as_posix()


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the closest known word, or list them when none is close."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"use one of: {', '.join(names)}" if names else "remove it"


def stop(file: str, line: int, code: str, message: str, fix: str) -> InputError:
    """Make the error for a fault after which nothing more can be read."""
    return InputError((Problem(code, Where(file, line), message, fix),))


def check_name(shown: str) -> None:
    """Refuse the name of a file that no text could hold, or that a terminal would act on.

    Raises
    ------
    InputError
        If a character of it is not printable, or not UTF-8.
    """
    if printable(shown) != shown:
        message = "the name of the file holds a character that cannot be printed"
        raise stop(printable(shown), 0, "control-character", message, "rename it")


def read_text(path: Path, shown: str) -> str:
    """Read a UTF-8 file of bounded size.

    Raises
    ------
    InputError
        If the file is absent, not readable, too large or not UTF-8.
    """
    check_name(shown)
    try:
        # Read and then measured: a device or a pipe has no size to ask for.
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise stop(shown, 0, "too-large", f"the file is larger than {_MOST_BYTES // 10**6} MB", "split it")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_of(error.object[: error.start].decode("utf-8"))
        raise stop(shown, line, "not-utf8", "the file is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise stop(shown, 0, "unreadable", f"cannot read the file: {reason}", "check the path") from None


def _line_of(before: str) -> int:
    """Number the line that follows or goes on after some text, as YAML counts lines."""
    return len(_LINE_END.findall(before)) + 1


def compose(text: str, shown: str) -> yaml.MappingNode:
    """Turn YAML text into a tree of nodes whose top is a mapping.

    Raises
    ------
    InputError
        If the text is not YAML, not a mapping, carries tags, or grows out of bounds by aliases.
    """
    # The pure Python loader gives the same marks; the C one is some ten times faster where it was built.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    odd = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if odd:
        line = _line_of(text[: odd.start()])
        message = f"not valid YAML: the character U+{ord(odd[0]):04X} is not allowed"
        raise stop(shown, line, "not-yaml", message, "remove it")
    try:
        _measure(text, loader, shown)
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        message = " ".join(filter(None, (error.context, error.problem)))
        raise stop(shown, line, "not-yaml", f"not valid YAML: {message}", "check the indentation and quotes") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise stop(shown, 0, "not-yaml", f"not valid YAML: {message}", "check the file") from None
    if not isinstance(node, yaml.MappingNode):
        raise stop(shown, 1, "not-a-mapping", "the file is not a list of `key: value` lines", "see `gambits init`")
    _guard(node, shown)
    return node


def compose_cell(text: str, where: Where) -> yaml.Node:
    """Turn a list or mapping that is written in a cell into nodes whose place is the cell.

    Raises
    ------
    InputError
        If the text is not one value of YAML, or is what ``compose`` refuses.
    """
    try:
        items = compose(f"{{cell: {text}}}", where.file).value
    except InputError as error:
        raise InputError(tuple(replace(problem, where=where) for problem in error.problems)) from None
    if len(items) != 1:
        fault = Problem("not-yaml", where, "not one value: a bracket closes too early", "check the brackets and quotes")
        raise InputError((fault,))
    mark, stack = CellMark(where), [items[0][1]]
    while stack:
        node = stack.pop()
        node.start_mark = mark
        stack.extend(_children(node))
    return cast("yaml.Node", items[0][1])


def _measure(text: str, loader: type[yaml.SafeLoader], shown: str) -> None:
    """Refuse depth before the tree is built: the C composer recurses, and would take the process with it."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MOST_DEPTH:
                line = event.start_mark.line + 1 if event.start_mark else 0
                raise stop(shown, line, "too-large", "the file is too deep or too large", "flatten it")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _guard(top: yaml.Node, shown: str) -> None:
    """Refuse tags, and trees that aliases make endless, deep or huge."""
    sizes: dict[int, tuple[int, int]] = {}

    def size(node: yaml.Node, depth: int) -> tuple[int, int]:
        """Give nodes and levels of what a node stands for; what an alias repeats is looked at once, counted again."""
        line = node.start_mark.line + 1
        if node.tag not in _PLAIN_TAGS:
            raise stop(shown, line, "yaml-tag", f"YAML tags are not allowed: {node.tag}", "remove the tag")
        # A tree within itself ends here, before anything of it has a size.
        nodes, levels = 1, 1
        for child in _children(node) if depth <= _MOST_DEPTH else ():
            below = sizes.get(id(child)) or size(child, depth + 1)
            nodes, levels = nodes + below[0], max(levels, below[1] + 1)
        if nodes > _MOST_NODES or depth + levels > _MOST_DEPTH + 1:
            message = "the file is too deep or too large"
            raise stop(shown, line, "too-large", message, "write aliases out, or split it")
        sizes[id(node)] = nodes, levels
        return nodes, levels

    size(top, 0)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def plain(node: yaml.Node) -> object:
    """Turn a node into dicts, lists, numbers, booleans and text: the value as written, without layout."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    assert isinstance(node, yaml.ScalarNode), "the third and last kind of node"
    return _plain_scalar(node)


def _plain_scalar(node: yaml.ScalarNode) -> object:
    text = str(node.value)
    if node.style in ("'", '"'):
        return text
    if text in ("true", "false"):
        return text == "true"
    return float(text) if is_number(text) else " ".join(text.split())


def is_number(text: str) -> bool:
    """Whether a text is written as a finite number: digits, a point, an exponent."""
    return _NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


def flatten(value: object, key: str = "") -> dict[str, object]:
    """Turn nested mappings into one, by dotted key; lists stay whole."""
    if isinstance(value, dict) and value:
        flat: dict[str, object] = {}
        for name, item in value.items():
            flat |= flatten(item, f"{key}.{name}" if key else str(name))
        return flat
    return {key: value}
