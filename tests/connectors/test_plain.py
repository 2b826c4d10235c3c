"""A line in plain form is one that the decoder takes, and the string that is told of it is the one that it finds."""

import json
from typing import Annotated

import msgspec
import numpy as np
import pytest

from blift.connectors import plain
from blift.connectors.plain import PlainForm

needs_compiled = pytest.mark.skipif(plain.compiled is None, reason="blift was installed without a C compiler")


class Inner(msgspec.Struct):
    at: Annotated[float, msgspec.Meta(ge=0.5, lt=10)] | None = None


class Record(msgspec.Struct):
    id: str
    place: str | None = None
    likes: Annotated[int, msgspec.Meta(ge=-5, le=100)] | None = None
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    gone: bool | str | None = None
    raw: msgspec.Raw = msgspec.Raw(b"null")
    inner: Inner | None = None
    code: Annotated[str, msgspec.Meta(pattern="^a")] | None = None
    body: str | None = None


FORM = PlainForm(Record, "place", without=("body",))
DECODER = msgspec.json.Decoder(Record, strict=False)


def found(*lines: str | bytes) -> list[str | None]:
    """The string of each line; None for one that is not plain."""
    data = b"\n".join(line.encode() if isinstance(line, str) else line for line in lines)
    told = FORM.find(data, len(lines))
    assert told is not None
    assert told.ends.tolist() == [*np.flatnonzero(np.frombuffer(data, np.uint8) == 10), len(data)]
    return [value if is_plain else None for is_plain, value in zip(told.is_plain, told.values, strict=True)]


def line_of(field: str, value: str) -> str:
    fields = {"id": '"a"', "place": '"x"', field: value}
    return "{" + ", ".join(f'"{name}": {text}' for name, text in fields.items()) + "}"


@needs_compiled
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", '"\\u00e9\\n"'),
        ("place", '"été"'),
        *(("likes", text) for text in ("0", "-5", "100", "null", "-0")),
        *(("share", text) for text in ("0", "1", "1.0", "1.000", "0.25", "null", '"0.5"')),
        *(("gone", text) for text in ("true", "false", "null", '"moderator"')),
        *(
            ("raw", text)
            for text in ('{"a": [1, -2.5e+3, {}, []], "b": null}', "[[[[]]]]", "1e400", '"\\ud83d\\ude00"')
        ),
        *(("inner", text) for text in ('{"at": 1.5}', '{"at": 9.0, "more": [1]}', "{}", "null")),
        *(("other", text) for text in ('{"place": 1}', "0.5", '"\x7f"', "[1, 2 ,3]")),
    ],
)
def test_usual_values_are_plain_and_the_decoder_takes_them(field: str, value: str) -> None:
    line = line_of(field, value)
    record = DECODER.decode(line)
    assert found(line) == [record.place]
    assert found(line.replace(", ", " ,\t").replace(": ", " :") + " \r") == [record.place]


@needs_compiled
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("id", text) for text in ("1", "null", '"\\ud800"', '"\\ud800\\u0041"', '"\t"', '"\\x"', '"\\u12g4"')),
        *(("place", text) for text in ("null", "1", '"\\u0061"')),
        *(("likes", text) for text in ("-6", "101", "1.0", "1e1", "01", '"1"', "true", "9999999999999999999", "--1")),
        *(("share", text) for text in ("1.01", "2", "-0.5", "1e-1", '"-0"', "NaN", ".5", "1.", '"0.5 "')),
        *(("gone", text) for text in ("True", "1", "tru", "nul")),
        *(("raw", text) for text in ("[1,]", "{1: 2}", '{"a" 1}', '{"a": }', "[" * 70 + "]" * 70, "", "+1", "1e", "-")),
        *(("inner", text) for text in ('{"at": 0.2}', '{"at": 10}', '{"at": 1, "at": 1}', "[]", '{"at": true}')),
        *(("code", text) for text in ('"abc"', '"b"')),
        ("body", '"x"'),
    ],
)
def test_unusual_values_are_left_to_the_decoder(field: str, value: str) -> None:
    assert found(line_of(field, value), line_of("other", "1")) == [None, "x"]


@needs_compiled
@pytest.mark.parametrize(
    "line",
    [
        "",
        " ",
        "{}",
        "[]",
        '{"id": "a"}',
        '{"place": "x"}',
        ' {"id": "a", "place": "x"}',
        '{"id": "a", "place": "x"} {}',
        '{"id": "a", "place": "x"',
        '{"id": "a", "place": "x",}',
        '{"id": "a", "place": "x", "place": "y"}',
        '{"id": "a", "id": "b", "place": "x"}',
        '{"id": "a", "pl\\u0061ce": "x"}',
        '{"id": "a", "place": "x", "pl\\u0061ce": "y"}',
        '{"id": "a", "place": "x"}\0',
        '\0{"id": "a", "place": "x"}',
        '{"id": "a", "place": "x',
        '{"id": "a", "place": "x\\',
        b'{"id": "a", "place": "\xe9"}',
        b'{"id": "\xed\xa0\x80", "place": "x"}',
        b'{"id": "\xc0\x80", "place": "x"}',
        b'{"id": "\xf4\x90\x80\x80", "place": "x"}',
        b'{"id": "\xe2\x82", "place": "x"}',
    ],
)
def test_other_lines_are_left_to_the_decoder(line: str | bytes) -> None:
    usual = json.dumps({"id": "a", "place": "x" * 100})
    assert found(usual, line, usual) == ["x" * 100, None, "x" * 100]
    assert found(line) == [None]


@needs_compiled
@pytest.mark.parametrize("size", range(40))
def test_characters_are_seen_wherever_they_stand(size: int) -> None:
    for end in ("é", "\\n", "€", "😀"):
        line = '{"place": "' + "x" * size + '", "id": "' + "y" * size + end + '"}'
        assert found(line) == ["x" * size]


@needs_compiled
def test_a_count_that_is_not_that_of_the_lines_is_refused() -> None:
    line = b'{"id": "a", "place": "x"}'
    for count in (1, 3):
        with pytest.raises(ValueError, match=f"where there are others than {count}"):
            FORM.find(line + b"\n" + line, count)


def test_without_a_compiler_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "compiled", None)
    assert PlainForm(Record, "place").find(b"{}", 1) is None
