"""The same build gives the same shards, byte for byte, on every engine that can run here."""

import json
from pathlib import Path

import pytest

from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.export.export import export
from blift.pipelines.export.formats import FORMATS
from blift.pipelines.export.mix import read_mix
from tests.runners.conftest import Run
from tests.runners.engines import ENGINES, Engine

pytestmark = [pytest.mark.runner, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("corpus", ["demo", "real"])
@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_every_shard_has_the_same_bytes_on_every_engine(engine: Engine, corpus: str, run: Run) -> None:
    first, built = run(ENGINES[0], corpus), run(engine, corpus)
    assert built.digests == first.digests
    assert built.fingerprint == first.fingerprint


@pytest.mark.parametrize("engine", ENGINES[:2], ids=lambda engine: engine.name)
def test_an_export_with_a_mix_has_the_same_bytes_on_every_engine(engine: Engine, run: Run, tmp_path: Path) -> None:
    turns = [{"from": "human", "value": "Is it?"}, {"from": "gpt", "value": "Yes"}]
    (tmp_path / "other.json").write_text(json.dumps([{"id": f"o{n}", "conversations": turns} for n in range(500)]))
    (tmp_path / "mix.yaml").write_text("mix: [{path: other.json, weight: 0.7}]")
    written = []
    for place, each in enumerate((ENGINES[0], engine)):
        out = tmp_path / str(place)
        folder = RunFolder(str(run(each, "demo").folder))
        export(folder, FORMATS["llava-next"], out, mixed=read_mix(tmp_path / "mix.yaml"))
        written.append({path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()})
    assert written[0] == written[1]
