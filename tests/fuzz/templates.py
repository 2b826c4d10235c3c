"""Templates: expressions and statements of Jinja, made by a grammar."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import yaml

from blift.schemas.errors import BliftError
from blift.schemas.registry import SCHEMAS
from blift.transforms.instructions import instructions
from blift.transforms.templates import load_template
from tests.fuzz.kind import Check, Kind, require

#: A turn has at most 50 million characters.
_MOST_BYTES = 600_000_000
_NAMES = ("title", "comments", "scenes", "likes", "views", "duration_s", "kind", "masked", "options", "nothing", "loop",
          "range", "lipsum", "dict", "cycler", "joiner", "namespace", "self", "media", "true", "none")  # fmt: skip
_FILTERS = ("upper", "length", "random", "tojson", "join(', ')", "center(10**9)", "indent(10**7)", "wordwrap(1)",
            "list",
            "batch(2)", "slice(10**8)", "pprint", "xmlattr", "urlize", "round", "sum", "map('upper')", "sort", "first",
            "attr('__class__')", "format(1)", "replace('', 'xx')", "truncate(5)", "default('x')", "int", "float",
            "string",
            "groupby('x')", "tojson(indent=10**6)", "unique", "reverse", "striptags", "e", "abs", "max")  # fmt: skip
_LITERALS = ("1", "0", "-1", "1.5", "10**9", "10**6", "''", "'x'", "'x' * 10**8", "[]", "[1, 2]", "{}", "{'a': 1}",
             "()",
             "'%99999999d' % 1", "'{:>99999999}'.format(1)", "'{0.__class__}'.format(1)", "2**99999", "'\\ud800'",
             "''.__class__", "[[1] * 10**5] * 10**4", "9" * 40)  # fmt: skip
#: Filters of the language of templates; those above are of Jinja, and mostly refused.
_KNOWN = ("abs", "capitalize", "count", "default('x')", "first", "float", "format(1, 'x')", "indent(99)", "int",
          "join(', ')", "last", "list", "lower", "map('upper')", "map(attribute='speech')", "max", "min",
          "replace('a', 'bb')",
          "reverse", "round(2)", "select", "selectattr('speech')", "reject('none')", "sort", "sort(attribute='number')",
          "split", "string", "sum", "title", "tojson", "trim", "truncate(5)", "unique", "upper",
          "wordcount")  # fmt: skip
_OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "~", "and", "or", "==", "<")
_ATTRIBUTES = ("x", "text", "items()", "__class__", "append(1)", "mro()")
_TESTS = ("defined", "none", "string", "number", "iterable", "even", "sameas(1)", "in [1]", "divisibleby(0)")


def _filter(chance: random.Random) -> str:
    return chance.choice(_KNOWN if chance.random() < 0.7 else _FILTERS)


def _expression(chance: random.Random, depth: int) -> str:
    if depth <= 0:
        return chance.choice((*_NAMES, *_LITERALS))

    def inner() -> str:
        return _expression(chance, depth - chance.randint(1, 2))

    return chance.choice(
        (
            lambda: f"{inner()} {chance.choice(_OPERATORS)} {inner()}",
            lambda: f"{inner()}|{_filter(chance)}",
            lambda: f"{inner()}|{_filter(chance)}|{_filter(chance)}",
            lambda: f"{inner()} is {chance.choice(_TESTS)}",
            lambda: f"{inner()} if {inner()} else {inner()}",
            lambda: f"({inner()})",
            lambda: f"{inner()}[{inner()}]",
            lambda: f"{chance.choice(_NAMES)}.{chance.choice(_ATTRIBUTES)}",
            lambda: f"{chance.choice(_NAMES)}({inner()})",
            lambda: f"[{inner()}, {inner()}]",
        )
    )()  # fmt: skip


def _statement(chance: random.Random, depth: int) -> str:
    value = _expression(chance, chance.choice((0, 1, 2, 3)))
    inside = "".join(_statement(chance, depth - 1) for _ in range(chance.choice((0, 1, 2)))) if depth > 0 else "x"
    return chance.choice(
        (
            "{{ media }}",
            "words ",
            f"{{{{ {value} }}}}",
            f"{{{{ {value} }}}}",
            f"{{% if {value} %}}{inside}{{% else %}}y{{% endif %}}",
            f"{{% for a in {value} %}}{inside}{{% endfor %}}",
            f"{{% for a in range({chance.choice(('3', '3', '100', '99999', '10**9'))}) %}}{inside}{{% endfor %}}",
            f"{{% for a in scenes recursive %}}{inside}{{{{ loop(scenes) }}}}{{% endfor %}}",
            f"{{% set a = {value} %}}{inside}",
            f"{{% macro m(a) %}}{inside}{{{{ m({value}) }}}}{{% endmacro %}}{{{{ m(1) }}}}",
            f"{{% filter {_filter(chance)} %}}{inside}{{% endfilter %}}",
            f"{{% with a = {value} %}}{inside}{{% endwith %}}",
            f"{{% call m() %}}{inside}{{% endcall %}}",
            "{% include 'x' %}", "{% extends 'x' %}", "{% import 'x' as y %}",
            f"{{% block b %}}{inside}{{% endblock %}}",
            "{% raw %}{{ x }}{% endraw %}", "{# x #}", "{{", "%}", "{% endfor %}",
            "{% autoescape true %}x{% endautoescape %}",
            f"{{% set ns = namespace(a={value}) %}}{{% set ns.a = ns.a ~ ns.a %}}{{{{ ns.a }}}}",
        )
    )  # fmt: skip


def make(chance: random.Random) -> dict[str, Any]:
    """The keys of a template file."""
    turn = "".join(_statement(chance, 2) for _ in range(chance.choice((1, 1, 2, 3))))
    plain = {"system": "s", "user": "{{ media }} u", "assistant": "a {{ title }}"}
    where = chance.choice(("system", "user", "user", "assistant", "assistant"))
    turns = {**plain, where: turn if where != "user" or "{{ media }}" in turn else "{{ media }}" + turn}
    return {"name": "mine", "version": "1.0.0", "description": "d", "asks": ["title"], **turns}


def _sample() -> dict[str, Any]:
    """A video of which something is known."""
    row: dict[str, Any] = {field.name: [] if pa.types.is_list(field.type) else None for field in SCHEMAS["sample"]}
    scene: dict[str, Any] = dict.fromkeys(("title", "keyframe", "caption", "tone", "speech", "screen_text", "replay"))
    scene |= {"tags": ["dog"], "foreground_colours": ["brown"], "background_colours": [], "source": "segment"}
    return row | {
        "sample_id": "a", "media_key": "url:a", "media_kind": "video", "platform": "youtube", "title": "A cat",
        "media_urls": ["https://media.example/a"], "views": 3_000, "likes": 100, "like_percent": 10 / 3, "score": 7,
        "duration_s": 10.5, "comments": [{"comment_id": "reddit:c", "platform": "reddit", "text": "nice",
        "score": 1}] * 5,
        "scenes": [scene | {"start_s": 0.0, "end_s": 4.0, "speech": "Meet my dog.", "replay": 0.5},
                   scene | {"start_s": 4.0, "end_s": 10.5, "caption": "A jump.", "replay": 1.0}],
    }  # fmt: skip


@contextmanager
def start(folder: Path) -> Iterator[Check]:
    """Loads each, and makes the pair of a sample twice."""
    path = folder / "mine.yaml"
    samples = pa.Table.from_pylist([_sample()], SCHEMAS["sample"])

    def check(content: dict[str, Any]) -> str:
        path.write_text(yaml.safe_dump(content))
        try:
            template = load_template(path)
            pairs, again = (instructions(samples, [template], pl.Series(["train"])) for _ in range(2))
        except BliftError as error:
            require(0 < len(str(error)) < 3_000, f"{len(str(error))} characters are said")
            return "refused"
        require(pairs.chat.equals(again.chat), "a second time gives another pair")
        require(pairs.chat.num_rows + pairs.skipped.num_rows == 1, "a pair is lost")
        require(pairs.chat.nbytes < _MOST_BYTES, f"a pair of {pairs.chat.nbytes:,} bytes")
        return "accepted"

    yield check


KIND = Kind("templates", large=1_000, small=40, make=make, start=start)
