"""How the records of a file stand in it: a bad line among others costs that line alone."""

import json
from pathlib import Path

import pytest

from blift.connectors.files import InputFile
from blift.connectors.lines import Lines
from blift.connectors.shapes import read_records


def records_of(folder: Path, content: bytes) -> list[object]:
    path = folder / "archive"
    path.write_bytes(content)
    found = read_records(InputFile(str(path), len(content), path.name))
    lines = [line for block in found if isinstance(block, Lines) for line in block.data.splitlines() if line.strip()]
    return [json.loads(line) for line in lines]


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
