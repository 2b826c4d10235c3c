"""How the records of a file stand in it: a bad line among others costs that line alone."""

import json
from pathlib import Path

import pytest

from blift.connectors.files import InputFile
from blift.connectors.lines import BadLine, Lines
from blift.connectors.shapes import objects_of, read_records


def records_of(folder: Path, content: bytes) -> list[object]:
    path = folder / "archive"
    path.write_bytes(content)
    found = read_records(InputFile(str(path), len(content), path.name))
    lines = [line for block in found if isinstance(block, Lines) for line in block.data.splitlines() if line.strip()]
    return [json.loads(line) for line in lines if is_json(line)]


def is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("first", ["[]", "[1, 2]", '["a"]', "5", "null", '"text"'])
def test_a_first_line_that_is_no_object_costs_no_other_line(first: str, tmp_path: Path) -> None:
    content = f'{first}\n{{"id": "a"}}\n{{"id": "b"}}\n'.encode()
    assert [each for each in records_of(tmp_path, content) if isinstance(each, dict)] == [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize(
    "content",
    [
        '[{"id": "a"}, {"id": "b"}]',
        '[{"id": "a"}, {"id": "b"}]\n',
        '[\n{"id": "a"},\n{"id": "b"}\n]\n',
        '[{"id": "a"},\n {"id": "b"}]',
        '[{"id": "a"}]\n[{"id": "b"}]\n',
    ],
)
def test_arrays_of_objects_are_read(content: str, tmp_path: Path) -> None:
    assert records_of(tmp_path, content.encode()) == [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize(
    "first",
    [
        b'{"id": "x", "a\x01": 1}',  # a character that no text has
        b'{"id": "x", "broken\n":1}',  # a line break within a text
        b'{"id": "x\xff',
        b'{"id": "x",\n"a": tru}',
        b'{"id": "x\xff",\n"a": 1}',
        b'{"id": "x",\n"a": [',  # never closed
    ],
)
def test_a_first_object_that_cannot_be_read_costs_no_other(first: bytes, tmp_path: Path) -> None:
    rest = b'\n{"id": "a"}\n{"id": "b"}\n'
    found = [each for each in records_of(tmp_path, first + rest) if isinstance(each, dict)]
    assert found == [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize("broken", [b'{"id": "x" "y": 1}', b'{"id": "\xff\xfe"}', b'{"id": "x", "y": [1, 2}'])
@pytest.mark.parametrize(
    ("start", "between", "end"), [(b"[", b",\n", b"]"), (b"[\n", b"\n,", b"\n]"), (b"", b"\n", b"")]
)
def test_a_broken_object_of_an_array_or_of_several_lines_costs_itself(
    broken: bytes, start: bytes, between: bytes, end: bytes, tmp_path: Path
) -> None:
    content = start + between.join([b'{"id":\n "a"}', broken, b'{"id":\n "b"}']) + end
    (tmp_path / "archive").write_bytes(content)
    found = list(read_records(InputFile(str(tmp_path / "archive"), len(content), "archive")))
    bad = [one for one in found if isinstance(one, BadLine)]
    assert [one.number for one in bad] == [content[: content.index(broken)].count(b"\n") + 1]
    assert records_of(tmp_path, content) == [{"id": "a"}, {"id": "b"}]


def test_brackets_without_an_object_are_not_read_to_the_end(tmp_path: Path) -> None:
    content = b"[\n" * 50_000
    (tmp_path / "archive").write_bytes(content)
    (bad,) = read_records(InputFile(str(tmp_path / "archive"), len(content), "archive"), max_line_bytes=10_000)
    assert isinstance(bad, BadLine)
    assert bad.problem.detail.startswith("in line 10001: no object stands in 20,000 characters")


def test_utf_16_that_breaks_off_keeps_what_was_before(tmp_path: Path) -> None:
    content = '[\n{"id": "a"},\n{"id": "b"}]'.encode("utf-16")[:-1]
    assert records_of(tmp_path, content) == [{"id": "a"}, {"id": "b"}]


def test_objects_that_are_never_closed_are_not_read_again_and_again(tmp_path: Path) -> None:
    content = b"[" + b'{"a": [\n' * 500 + b'{"b": 1},\n' * 20_000
    (tmp_path / "archive").write_bytes(content)
    file = InputFile(str(tmp_path / "archive"), len(content), "archive")
    found = list(read_records(file, max_line_bytes=10_000))
    assert isinstance(found[-1], BadLine)
    assert found[-1].problem.detail.endswith("its objects are not closed")


@pytest.mark.parametrize("mark", [b"", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0"])
@pytest.mark.parametrize("damaged", [b'{\0"id": "x"}', b'\0{"id": "x"', b'{\0\0\0"id": "x"}', b"", b'{"id": "x"'])
def test_a_damaged_first_line_takes_no_other_with_it(damaged: bytes, mark: bytes, tmp_path: Path) -> None:
    content = mark + damaged + b'\n{"id": "a"}\n{"id": "b"}\n'
    assert records_of(tmp_path, content)[-2:] == [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("content", ['{"id": "a"}\n{"id": "b"}\n', '[\n{"id": "a"},\n{"id": "b"}]'])
def test_wide_encodings_are_read_with_and_without_a_mark(content: str, encoding: str, tmp_path: Path) -> None:
    assert records_of(tmp_path, content.encode(encoding)) == [{"id": "a"}, {"id": "b"}]


_LONG = "9" * 5_000


@pytest.mark.parametrize("value", [_LONG, f"-{_LONG}", f"[{_LONG}]", "1e999", "NaN", '"\\ud800"'])
@pytest.mark.parametrize("content", ['[{"id": "a", "x": @}, {"id": "b"}]', '{"id": "a",\n"x": @}\n{"id": "b"}\n'])
def test_objects_of_arrays_and_of_several_lines_are_given_as_they_stand(
    content: str, value: str, tmp_path: Path
) -> None:
    (tmp_path / "archive").write_text(content.replace("@", value))
    found = list(read_records(InputFile(str(tmp_path / "archive"), len(content), "archive")))
    assert all(isinstance(block, Lines) for block in found)
    first, second = b"\n".join(block.data for block in found if isinstance(block, Lines)).split(b"\n")
    assert first.decode().replace(" ", "") == f'{{"id":"a","x":{value}}}'
    assert second == b'{"id": "b"}'


def test_an_envelope_with_an_integer_of_thousands_of_digits_costs_no_record(tmp_path: Path) -> None:
    content = f'{{"data": [{{"id": "a", "x": {_LONG}}}, {{"id": "b"}}]}}'.encode()
    assert records_of(tmp_path, content) == [{"id": "a", "x": float("inf")}, {"id": "b"}]


@pytest.mark.parametrize("first", [f"[{_LONG}]", f'{{"id": "x", "y": {_LONG}}}', f'{{"id": "x", "y": {_LONG},'])
def test_an_integer_of_thousands_of_digits_in_a_first_line_costs_no_other(first: str, tmp_path: Path) -> None:
    content = f'{first}\n"z": 1}}\n{{"id": "a"}}\n{{"id": "b"}}\n'.encode()
    (tmp_path / "archive").write_bytes(content)
    found = read_records(InputFile(str(tmp_path / "archive"), len(content), "archive"))
    lines = [line for block in found if isinstance(block, Lines) for line in block.data.split(b"\n")]
    assert lines[-2:] == [b'{"id": "a"}', b'{"id": "b"}'] or lines[-3:-1] == [b'{"id": "a"}', b'{"id": "b"}']


def test_a_line_of_several_objects_may_have_such_an_integer() -> None:
    first = f'{{"id": "a", "x": {_LONG}}}'.encode()
    assert objects_of(first + b' {"id": "b"}') == [first, b'{"id": "b"}']
