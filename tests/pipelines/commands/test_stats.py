"""`blift stats`: figures against SQL on the same files, 80 columns, JSON by its schema, and sentences on mistakes."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest

from blift.pipelines.cli import main
from blift.pipelines.commands.stats import show
from blift.pipelines.engine.run_folder import Manifest
from blift.schemas.statistics import ColumnDrift, Dataset, Drift, Statistics

Built = tuple[Path, Manifest]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["stats", *arguments]) == 0
    return capsys.readouterr().out


def columns(statistics: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    (table,) = [table for table in statistics["tables"] if table["name"] == name]
    return {column["column"]: column for column in table["columns"]}


def test_json_is_the_same_each_time_and_keeps_its_schema(built: Built, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, str(built[0]), "--json")
    assert printed(capsys, str(built[0]), "--json") == text
    schema = json.loads(printed(capsys, "--json-schema"))
    jsonschema.validate(json.loads(text), schema)
    assert schema == json.loads((Path(__file__).parents[3] / "docs" / "statistics.schema.json").read_text())
    described = [table["name"] for table in json.loads(text)["tables"]]
    assert described[:2] == ["samples", "instructions"]
    assert {"media", "posts", "comments"} < set(described)
    assert not {"chat", "chat_without_media", "rejects"} & set(described)


def test_figures_are_those_of_sql(built: Built, capsys: pytest.CaptureFixture[str]) -> None:
    run, manifest = built
    statistics = json.loads(printed(capsys, str(run), "--json"))
    for folder in ("samples", "posts", "comments"):
        files = [str(run / shard.path) for shard in manifest.shards if shard.path.startswith(f"{folder}/")]
        found = columns(statistics, folder)
        for name, kind in (("score", "number"), ("title", "text"), ("platform", "category"), ("posted_at", "time")):
            if name not in found:
                continue
            of = {"number": name, "text": f"length({name})"}.get(kind, "0")
            rows = duckdb.execute(
                f"SELECT count(*), count({name}), min({of}), max({of}), avg({of}), stddev_pop({of}), "  # noqa: S608
                f"quantile_disc({of}, 0.5) FROM read_parquet(?)",
                [files],
            ).fetchone()
            assert rows is not None
            column = found[name]
            assert (column["kind"], column["rows"], column["rows"] - column["missing"]) == (kind, *rows[:2])
            if kind in {"number", "text"}:
                numbers = column["values" if kind == "number" else "characters"]
                figures = [
                    numbers["min"],
                    numbers["max"],
                    numbers["mean"],
                    numbers["std"],
                    numbers["quantiles"]["0.50"],
                ]
                assert figures == pytest.approx(rows[2:], abs=1e-9)
            else:
                value = f"strftime({name} AT TIME ZONE 'UTC', '%Y-%m')" if kind == "time" else name
                counted = duckdb.execute(
                    f"SELECT {value}, count(*) FROM read_parquet(?) WHERE {name} IS NOT NULL GROUP BY 1",  # noqa: S608
                    [files],
                ).fetchall()
                words = column["words"]["top"] if kind == "category" else column["months"]
                assert {word["value"]: word["count"] for word in words} == dict(counted)


def test_lists_are_counted_by_their_items(built: Built, capsys: pytest.CaptureFixture[str]) -> None:
    run, manifest = built
    found = columns(json.loads(printed(capsys, str(run), "--json", "--table", "samples")), "samples")
    files = [str(run / shard.path) for shard in manifest.shards if shard.path.startswith("samples/")]
    query = "SELECT count(*), sum(length(c.text)) FROM (SELECT unnest(comments) AS c FROM read_parquet(?))"
    rows, characters = duckdb.execute(query, [files]).fetchall()[0]
    text = found["comments.text"]
    lengths = found["comments"]["lengths"]
    assert text["rows"] == rows == round(lengths["mean"] * lengths["count"])
    assert text["characters"]["mean"] * rows == pytest.approx(characters)


def test_tables_fit_80_columns(built: Built, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, str(built[0]), "--against", str(built[0]))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert re.search(r"^samples: 109 rows *$", text, flags=re.MULTILINE)
    assert "2 distinct: reddit 75%, youtube 25%" in text
    assert text.rstrip().endswith("No column differs from demo.")


def test_what_differs_is_listed_the_largest_first(capsys: pytest.CaptureFixture[str]) -> None:
    first = ColumnDrift("samples", "score", "values", None, 0.25, 0.5, 0.125)
    second = ColumnDrift("samples", "platform", "words", 0.75, 0.1, None, 0.0)
    drift = Drift(Dataset("a\x1b[2Jb", "f"), [first, second], ["media"])
    show(Statistics(dataset=Dataset("now", "f"), tokenizer=None, tables=[], drift=drift), sys.stdout)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "Drift from a\\u001b[2Jb",
        " column            of       L-inf      JS      KS  missing",
        " samples.platform  words   0.7500  0.1000           0.0000",
        " samples.score     values          0.2500  0.5000   0.1250",
        "media is in one of the two alone.",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name a run folder or a dataset: `blift stats RUN`."),
        (["nowhere"], "nowhere is neither a run folder nor a dataset. Write a dataset as OWNER/NAME@v1.0.0."),
        (["{run}", "--against", "nowhere"], "nowhere is neither a run folder nor a dataset."),
        (["{run}@7"], "keeps no dataset under @7"),
        (["{empty}"], "has no manifest.json: it is no run folder"),
    ],
)
def test_a_mistake_is_a_sentence(
    arguments: list[str], said: str, built: Built, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [argument.format(run=built[0], empty=tmp_path) for argument in arguments]
    assert main(["stats", *given]) == 2
    told = capsys.readouterr().err
    assert told.startswith("blift: ")
    assert said in told


def test_a_damaged_shard_is_a_sentence(built: Built, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = shutil.copytree(built[0], tmp_path / "run")
    shard = next(shard for shard in built[1].shards if shard.path.startswith("samples/"))
    (run / shard.path).write_bytes(b"PAR1")
    assert main(["stats", str(run)]) == 2
    assert f"The shard {run / shard.path} is not what was written" in capsys.readouterr().err
