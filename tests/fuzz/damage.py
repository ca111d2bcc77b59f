"""Kinds of damage to a sound file, each with the lines that its report has to name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

import yaml

from fuzz.wild import kind_at, refused
from gambits.files.kinds import Ids
from gambits.files.sections import Section, Several, Table
from gambits.portfolio.schema import PORTFOLIO


@dataclass(frozen=True, slots=True)
class Damaged:
    """A damaged file, and what its report must hold: a problem with the code at one of the lines."""

    text: str | bytes
    code: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A key of a file: its dotted path, and where it and its value stand."""

    path: str
    key: yaml.Node
    value: yaml.Node

    @property
    def line(self) -> int:
        """The line of the key, from 1."""
        return int(self.key.start_mark.line) + 1

    @property
    def lines(self) -> tuple[int, int]:
        """The line of the key and that on which its value begins."""
        return self.line, int(self.value.start_mark.line) + 1


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound file (``\\n`` line ends), its table of keys, and its keys' places."""

    text: str
    section: Section
    places: tuple[Place, ...]

    @classmethod
    def of(cls, text: str, section: Section = PORTFOLIO) -> Sound:
        """Find the places of a file's keys."""
        node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return cls(text, section, tuple(_places(node, "")))

    def with_value(self, place: Place, new: str) -> str:
        """Write another value for a key, on the key's line."""
        start, end = _offset(self.text, place.key.end_mark), _offset(self.text, place.value.end_mark)
        old = self.text[start:end]
        # A block's end mark stands at the beginning of what follows it.
        return f"{self.text[:start]}: {new}{old[len(old.rstrip()) :]}{self.text[end:]}"

    def with_key(self, place: Place, new: str) -> str:
        """Write another name for a key."""
        start, end = (_offset(self.text, mark) for mark in (place.key.start_mark, place.key.end_mark))
        return f"{self.text[:start]}{new}{self.text[end:]}"


def _places(node: yaml.Node, path: str) -> Iterator[Place]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = f"{path}.{key.value}" if path else str(key.value)
            yield Place(here, key, value)
            yield from _places(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _places(item, f"{path}.{number}")


def _offset(text: str, mark: yaml.Mark) -> int:
    """Find a mark in the text; marks of the C reader count lines and columns, not characters of the text."""
    start = 0
    for _ in range(mark.line):
        start = text.index("\n", start) + 1
    return start + int(mark.column)


def damaged(sound: Sound, rng: Random) -> tuple[str, Damaged]:
    """Damage a file in some way that applies to it; give the kind of damage as well."""
    while True:
        kind = rng.choice(KINDS)
        found = kind(sound, rng)
        if found is not None:
            return kind.__name__, found


def refuse_a_value(sound: Sound, rng: Random) -> Damaged | None:
    """A value that its kind does not take."""
    places = [place for place in sound.places if refused(kind_at(place.path, sound.section))]
    place = rng.choice(places)
    value, code = rng.choice(refused(kind_at(place.path, sound.section)))
    return Damaged(sound.with_value(place, value), code, place.lines)


def misspell_a_key(sound: Sound, rng: Random) -> Damaged | None:
    """A key that is in no table."""
    place = _any(sound, rng, Section)
    if place is None:
        return None
    name = str(place.key.value)
    return Damaged(sound.with_key(place, f"{name[::-1]}x"), "unknown-key", (place.line,))


def give_a_key_twice(sound: Sound, rng: Random) -> Damaged | None:
    """A key that is there already, at the end of a flow mapping or below itself in a block."""
    places = [place for place in sound.places if "change" not in place.path]
    place = rng.choice(places)
    is_scalar = isinstance(place.value, yaml.ScalarNode)
    if not is_scalar or place.lines[0] != place.lines[1] or place.value.end_mark.line + 1 != place.line:
        return None
    start, end = _offset(sound.text, place.key.start_mark), _offset(sound.text, place.value.end_mark)
    pair, before = sound.text[start:end], sound.text[:start].rpartition("\n")[2]
    if before.strip(" -"):
        return Damaged(f"{sound.text[:end]}, {pair}{sound.text[end:]}", "key-twice", (place.line,))
    indent = " " * len(before)
    return Damaged(f"{sound.text[:end]}\n{indent}{pair}{sound.text[end:]}", "key-twice", (place.line + 1,))


def leave_out_a_required_key(sound: Sound, rng: Random) -> Damaged | None:
    """A required key is not there: its section is named."""
    by_path = {place.path: place for place in sound.places}
    required = []
    for place in sound.places:
        parent, _, name = place.path.rpartition(".")
        kind = kind_at(parent, sound.section) if parent else sound.section
        if isinstance(kind, Section) and any(row.name == name and row.required for row in kind.keys):
            required.append(place)
    if not required:
        return None
    place = rng.choice(required)
    parent = place.path.rpartition(".")[0]
    # Under another name it is missing as much as without a line, and no line moves.
    text = sound.with_key(place, "xyz")
    lines = by_path[parent].lines if parent in by_path else (1, place.line)
    if isinstance(kind_at(parent.rpartition(".")[0], sound.section), Several):
        lines = tuple(range(1, sound.text.count("\n") + 2))
    return Damaged(text, "missing-key", tuple(range(lines[0], lines[-1] + 1)))


def name_nobody(sound: Sound, rng: Random) -> Damaged | None:
    """An id that is no initiative, or no estimate."""
    places = [place for place in sound.places if isinstance(kind_at(place.path, sound.section), Ids)]
    if not places or sound.section is not PORTFOLIO:
        return None
    place = rng.choice(places)
    code = "unknown-estimate" if place.path.endswith(".informs") else "unknown-initiative"
    return Damaged(sound.with_value(place, "[nobody]"), code, place.lines)


def wait_for_oneself(sound: Sound, rng: Random) -> Damaged | None:
    """An initiative that requires itself."""
    places = [place for place in sound.places if place.path.split(".")[2:] in (["requires"], ["after"])]
    if not places:
        return None
    place = rng.choice(places)
    return Damaged(sound.with_value(place, f"[{place.path.split('.')[1]}]"), "cycle", place.lines)


def use_what_is_not_declared(sound: Sound, rng: Random) -> Damaged | None:
    """A resource that nobody declared."""
    places = [place for place in sound.places if place.path.split(".")[2:3] == ["uses"] and place.path.count(".") == 3]
    if not places:
        return None
    place = rng.choice(places)
    return Damaged(sound.with_key(place, "patience"), "unknown-resource", (place.line,))


def give_too_many_numbers(sound: Sound, rng: Random) -> Damaged | None:
    """A list by period that is longer than the horizon."""
    places = [place for place in sound.places if place.path in ("budget.per_period", "resources.people.capacity")]
    if not places:
        return None
    place = rng.choice(places)
    return Damaged(sound.with_value(place, "[1, 2, 3, 4, 5, 6, 7, 8, 9]"), "wrong-length", place.lines)


def mix_units_of_time(sound: Sound, rng: Random) -> Damaged | None:
    """A start in another unit than the horizon's."""
    places = [place for place in sound.places if place.path.split(".")[2:] == ["start"]]
    if not places:
        return None
    place = rng.choice(places)
    other = "2027Q1" if "Q" not in str(place.value.value) else "2027-01"
    return Damaged(sound.with_value(place, other), "wrong-period", place.lines)


def add_probability(sound: Sound, rng: Random) -> Damaged | None:
    """Scenarios whose probabilities do not add up to 1."""
    places = [place for place in sound.places if place.path == "scenarios.0.probability"]
    if not places:
        return None
    (above,) = (place for place in sound.places if place.path == "scenarios")
    return Damaged(sound.with_value(places[0], "0.45"), "scenarios", above.lines)


def take_the_frontier_away(sound: Sound, rng: Random) -> Damaged | None:
    """Effects on a scaling law that is no longer there."""
    frontier = [place for place in sound.places if place.path == "frontier"]
    levers = [place for place in sound.places if place.path.endswith(".effects.compute")]
    if not frontier or not levers or any(place.path.startswith("synergies") for place in levers):
        return None
    text = sound.with_key(frontier[0], "correlation") if "\ncorrelation" not in sound.text else sound.text
    whole = levers[0].path.rpartition(".")[0]
    (effects,) = (place for place in sound.places if place.path == whole)
    return Damaged(text, "no-frontier", effects.lines) if text != sound.text else None


def tag_a_value(sound: Sound, rng: Random) -> Damaged | None:
    """A YAML tag, which could make an object elsewhere."""
    place = rng.choice(sound.places)
    tag = rng.choice(["!!python/object/apply:os.system [id]", "!!binary aGk=", "!include /etc/passwd", "!!set {a}"])
    return Damaged(sound.with_value(place, tag), "yaml-tag", place.lines)


def name_an_alias_of_nothing(sound: Sound, rng: Random) -> Damaged | None:
    """An alias without its anchor."""
    place = rng.choice(sound.places)
    return Damaged(sound.with_value(place, "*nothing"), "not-yaml", place.lines)


def put_a_control_character(sound: Sound, rng: Random) -> Damaged | None:
    """A character that YAML does not allow."""
    place = rng.choice(sound.places)
    sign = rng.choice("\x00\x07\x1b\x7f\ufffe")
    return Damaged(sound.with_value(place, f"a{sign}b"), "not-yaml", place.lines)


def put_bytes_that_are_not_utf8(sound: Sound, rng: Random) -> Damaged | None:
    """Bytes of another encoding."""
    place = rng.choice(sound.places)
    before, after = sound.with_value(place, "\x00").encode().split(b"\x00")
    latin = rng.choice([b"\xfcber", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80"])
    return Damaged(before + latin + after, "not-utf8", place.lines)


def start_a_line_with_a_tab(sound: Sound, rng: Random) -> Damaged | None:
    """A tab where spaces indent."""
    lines = sound.text.split("\n")
    indented = [number for number, line in enumerate(lines) if line.startswith("  ")]
    if not indented:
        return None
    number = rng.choice(indented)
    lines[number] = "\t" + lines[number].lstrip()
    return Damaged("\n".join(lines), "not-yaml", (number + 1,))


def open_and_never_close(sound: Sound, rng: Random) -> Damaged | None:
    """A bracket or a quote without its end: noticed there or anywhere below."""
    place = rng.choice(sound.places)
    text = sound.with_value(place, rng.choice(["[1, ", "{a: ", '"words', "'words"]))
    return Damaged(text, "not-yaml", tuple(range(place.line, text.count("\n") + 2)))


def multiply_aliases(sound: Sound, rng: Random) -> Damaged | None:
    """Aliases of aliases: a few lines that stand for thousands of millions of nodes."""
    if sound.text.startswith("{"):
        return None
    line = sound.text.count("\n") + 1
    text = sound.text + "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n"
    for level in range(1, 10):
        text += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    return Damaged(text, "too-large", tuple(range(line, line + 10)))


def nest_without_end(sound: Sound, rng: Random) -> Damaged | None:
    """More brackets than any file needs."""
    place = rng.choice(sound.places)
    depth = rng.choice([40, 1000, 20_000])
    return Damaged(sound.with_value(place, "[" * depth + "]" * depth), "too-large", place.lines)


def write_two_documents(sound: Sound, rng: Random) -> Damaged | None:
    """A second document in one file."""
    line = sound.text.count("\n") + 1
    return Damaged(f"{sound.text}---\n{sound.text}", "not-yaml", (line, line + 1))


KINDS: Final[tuple[Callable[[Sound, Random], Damaged | None], ...]] = (
    refuse_a_value,
    refuse_a_value,  # by far the most ways to go wrong
    refuse_a_value,
    misspell_a_key,
    give_a_key_twice,
    leave_out_a_required_key,
    name_nobody,
    wait_for_oneself,
    use_what_is_not_declared,
    give_too_many_numbers,
    mix_units_of_time,
    add_probability,
    take_the_frontier_away,
    tag_a_value,
    name_an_alias_of_nothing,
    put_a_control_character,
    put_bytes_that_are_not_utf8,
    start_a_line_with_a_tab,
    open_and_never_close,
    multiply_aliases,
    nest_without_end,
    write_two_documents,
)


def _any(sound: Sound, rng: Random, parent: type[Section | Table | Several]) -> Place | None:
    """Choose a key whose parent is of a kind."""
    places = [
        place
        for place in sound.places
        if "." not in place.path or isinstance(kind_at(place.path.rpartition(".")[0], sound.section), parent)
    ]
    return rng.choice(places) if places else None


NOISE: Final = (
    "", ":", "  ", "-", "{", "}", "[", "]", "\n", "\r", "\t", "*", "&a ", "null", "~", "9e999", "-0", "1e-59",
    "1" * 5000, "١٢", "²", "NaN", ".inf", "0x1F", "1_0", "!!int ", "<<: ", "? ", "| ", "> ", "# ", "'", '"', "%",
    "@", "`", "\\", "\u2028", "\u0085", "\ufeff", "\u202e", "😀", "\x00", "\x1b[2J", "---\n", "...\n",
    "../../etc/passwd", "a.b", "to", " to ", ",",
)  # fmt: skip
"""What YAML, numbers, names and terminals take for something special."""


def scrambled(text: str, rng: Random) -> bytes:
    """Damage a text anywhere, knowing nothing of what it says."""
    for _ in range(rng.choice([1, 1, 2, 5])):
        first, second = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        lines = text.split("\n")
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(7):
            case 0:
                text = text[:first] + rng.choice(NOISE) + text[first:]
            case 1:
                text = text[:first] + rng.choice(NOISE) + text[first + 1 :]
            case 2:
                text = text[:first] + text[min(second, first + 40) :]
            case 3:
                text = text[:first] + text[first : min(second, first + 200)] * 2 + text[second:]
            case 4:
                lines[one], lines[other] = lines[other], lines[one]
                text = "\n".join(lines)
            case 5:
                lines[one] = " " * rng.randrange(6) + lines[one].lstrip()
                text = "\n".join(lines)
            case _:
                text = text[: max(first, 1)]
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    if data and rng.random() < 0.2:
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)
