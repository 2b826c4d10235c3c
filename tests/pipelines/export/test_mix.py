"""Mixing: exact numbers at any weight, the same every time, every row with its origin, no row in two splits."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from blift.pipelines.cli import main
from blift.pipelines.export.mix import ABOUT, Apart, Mixed, MixEntry, Own, check_entries, mixed_rows
from blift.schemas.errors import InputError


def write_other(folder: Path, rows: int) -> None:
    """A dataset in LLaVA's format, with one picture."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), "red").save(folder / "pictures" / "a.jpg")
    made = [
        {
            "id": str(place), "model": None, "image": "pictures/a.jpg",
            "conversations": [
                {"from": "human", "value": f"<image>\nQuestion {place}"}, {"from": "gpt", "value": "Yes"}
            ],
        }
        for place in range(rows)
    ]  # fmt: skip
    (folder / "other.json").write_text(json.dumps(made))


def drawn(folder: Path, weight: float, own: int, seed: int = 0, taken: frozenset[str] = frozenset()) -> list[str]:
    mixed = Mixed((MixEntry(path="other.json", weight=weight),), seed, folder)
    found = mixed_rows(mixed, "train", Own(own, {}), Apart({"train": taken}), lambda path: f"media/{path.name}")
    return [row["id"] for row in found]


@given(weight=st.floats(0.01, 5), own=st.integers(1, 40))
def test_as_many_rows_are_drawn_as_the_weight_says(
    tmp_path_factory: pytest.TempPathFactory, weight: float, own: int
) -> None:
    folder = tmp_path_factory.mktemp("other")
    write_other(folder, 201)
    found = drawn(folder, weight, own)
    assert len(found) == len(set(found)) == int(weight * own + 0.5)
    assert found == drawn(folder, weight, own)
    assert set(drawn(folder, weight / 2, own)) <= set(found)


def test_a_row_of_another_split_is_not_drawn_and_too_few_rows_are_told(tmp_path: Path) -> None:
    write_other(tmp_path, 10)
    assert "3" not in drawn(tmp_path, 9, 1, taken=frozenset({"3"}))
    with pytest.raises(InputError, match="has 10 different rows in no other split, and `weight: 11` asks for 11"):
        drawn(tmp_path, 11, 1)
    assert set(drawn(tmp_path, 4, 1)) != set(drawn(tmp_path, 4, 1, seed=1))


def test_what_one_split_drew_of_a_dataset_is_in_no_other_split(tmp_path: Path) -> None:
    write_other(tmp_path, 6)
    rows = json.loads((tmp_path / "other.json").read_text())
    others = [{key: value for key, value in row.items() if key != "image"} for row in rows]
    (tmp_path / "other.json").write_text(json.dumps(others))
    (tmp_path / "earlier").mkdir()
    (tmp_path / "earlier" / "validation.json").write_text(json.dumps([*others[:4], {**others[0], "id": "more"}]))
    apart = Apart({"train": frozenset(), "validation": frozenset()})
    entries = (MixEntry(path="other.json", weight=3), MixEntry(path="earlier", weight=1))
    mixed = Mixed(entries, 0, tmp_path)
    train = {row["id"] for row in mixed_rows(mixed, "train", Own(1, {}), apart, str)}
    left = {row["id"] for row in others[:4]} - train
    assert len(train) == 3
    with pytest.raises(InputError, match=f"has {len(left) + 1} different rows in no other split"):
        list(mixed_rows(mixed, "validation", Own(9, {}), apart, str))
    validation = {row["id"] for row in mixed_rows(mixed, "validation", Own(len(left) + 1, {}), apart, str)}
    assert validation == left | {"more"}


def test_a_dataset_that_is_named_twice_gives_different_rows(tmp_path: Path) -> None:
    write_other(tmp_path, 50)
    twice = Mixed((MixEntry(path="other.json", weight=0.5), MixEntry(path="other.json", weight=0.5)), 0, tmp_path)
    ids = [row["id"] for row in mixed_rows(twice, "train", Own(40, {}), Apart({"train": frozenset()}), str)]
    assert len(ids) == len(set(ids)) == 40
    with pytest.raises(InputError, match="has 20 different rows in no other split"):
        list(mixed_rows(twice, "train", Own(60, {}), Apart({"train": frozenset()}), str))


def test_a_folder_that_is_no_export_to_the_format_is_refused(tmp_path: Path) -> None:
    mixed = Mixed((MixEntry(path="there", weight=1),), 0, tmp_path)
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="there is no export that can be mixed in"):
        check_entries(mixed, "llava")
    write_other(tmp_path / "there", 3)
    (tmp_path / "there" / "other.json").rename(tmp_path / "there" / "train.json")
    check_entries(mixed, "llava")
    (tmp_path / "there" / ABOUT).write_text(json.dumps({"format": "llava-next"}))
    with pytest.raises(InputError, match="there is an export for 'llava-next', and rows for 'llava' are mixed with it"):
        check_entries(mixed, "llava")


def test_a_file_outside_the_folder_of_media_is_refused(tmp_path: Path) -> None:
    write_other(tmp_path, 1)
    row: dict[str, Any] = json.loads((tmp_path / "other.json").read_text())[0]
    for name, said in (("../secret.jpg", "leads out of the folder"), ("/etc/passwd", "is absolute")):
        (tmp_path / "other.json").write_text(json.dumps([row | {"image": name}]))
        with pytest.raises(InputError, match=said):
            drawn(tmp_path, 1, 1)
    (tmp_path / "other.json").write_text(json.dumps([row | {"image": "gone.jpg"}]))
    with pytest.raises(InputError, match=r"names the file 'gone.jpg', which is not in .* Set `media` to its folder"):
        drawn(tmp_path, 1, 1)


def test_an_export_with_a_mix_says_where_every_row_is_from(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_other(tmp_path / "base", 30)
    (tmp_path / "mix.yaml").write_text("mix:\n  - {path: base/other.json, weight: 1.5}\nseed: 3\n")
    command = [
        "export",
        str(run),
        "--to",
        "llava-next",
        "--out",
        str(tmp_path / "out"),
        "--mix",
        str(tmp_path / "mix.yaml"),
    ]
    assert main(command) == 0
    rows = json.loads((tmp_path / "out" / "train.json").read_text())
    origins = Counter(row["origin"] for row in rows)
    assert origins["base/other.json"] == int(1.5 * origins["blift"] + 0.5)
    said = capsys.readouterr().out
    assert f"Mixed in: {origins['base/other.json']} rows of base/other.json." in said
    written = sum(len(json.loads(path.read_text())) for path in (tmp_path / "out").glob("[tv]*.json"))
    assert f" holds {written} rows: " in said
    for row in rows:
        assert None not in row.values()
        named = row.get("image", row.get("video"))
        assert all((tmp_path / "out" / name).is_file() for name in (named if isinstance(named, list) else [named]))
    before = (tmp_path / "out" / "train.json").read_bytes()
    assert main(command) == 0
    assert (tmp_path / "out" / "train.json").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mix: []", "`mix` is []: it is empty; name at least one, or leave the key out."),
        ("mix: [{path: a.json}]", "the key `mix.0.weight` is missing; Rows of it for each row of the run folder"),
        ("mix: [{path: a.json, weight: 0}]", "`mix.0.weight` is 0: it must be more than 0."),
        ("mix: [{path: a.json, weight: yes}]", "`mix.0.weight` is true: it must be a number; YAML reads yes, "),
        ("mix: 3", "`mix` is 3: it must be a list, such as [one, two]."),
        ("[]", "is no mapping with the key `mix`. See docs/train.md."),
        ("mixes: []", "unknown key `mixes`, did you mean 'mix'?"),
        ("mix: [{path: a.json, weight: 1, wight: 2}]", "unknown key `mix.0.wight`, did you mean 'weight'?"),
    ],
)
def test_a_mix_that_is_none_is_one_sentence(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (tmp_path / "mix.yaml").write_text(text)
    command = ["export", str(run), "--to", "llava", "--out", str(tmp_path / "out"), "--mix", str(tmp_path / "mix.yaml")]
    assert main(command) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": "a"}, "row 2 of it has no `conversations`, as rows of this format have."),
        ({"conversations": "a"}, "row 2 of it has no `conversations`, as rows of this format have."),
        ({"conversations": []}, "row 2 of it has no `conversations`, as rows of this format have."),
        ({"conversations": ["a"]}, "row 2 of it has `conversations` without `from` and `value`."),
        (
            {"conversations": [{"role": "user", "content": "a"}]},
            "row 2 of it has `conversations` without `from` and `value`.",
        ),
    ],
)
def test_rows_of_another_format_are_told_with_their_number(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], row: dict[str, object], said: str
) -> None:
    good = {"id": "a", "conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}
    (tmp_path / "other.json").write_text(json.dumps([good, row]))
    (tmp_path / "mix.yaml").write_text("mix: [{path: other.json, weight: 0.01}]")
    command = ["export", str(run), "--to", "llava", "--out", str(tmp_path / "out"), "--mix", str(tmp_path / "mix.yaml")]
    assert main(command) == 2
    assert f"Cannot mix in {tmp_path / 'other.json'}: {said}" in capsys.readouterr().err


def test_a_weight_that_gives_no_row_is_told(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = {"id": "a", "conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}
    (tmp_path / "other.json").write_text(json.dumps([good]))
    (tmp_path / "mix.yaml").write_text("mix: [{path: other.json, weight: 0.0001}]")
    command = ["export", str(run), "--to", "llava", "--out", str(tmp_path / "out"), "--mix", str(tmp_path / "mix.yaml")]
    assert main(command) == 0
    printed = capsys.readouterr()
    assert printed.err == (
        "warning: other.json gave no row: its weight asks for less than half a row in every split. Raise it.\n"
    )
    assert "Mixed in: 0 rows of other.json." in printed.out
