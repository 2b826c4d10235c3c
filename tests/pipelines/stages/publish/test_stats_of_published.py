"""`blift stats --against OWNER/NAME@v1.0.0`: a published version, read from the Hub, and its card's own statistics."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from blift.pipelines.cli import main
from blift.pipelines.stages.publish.publish import Result
from tests.hub_server import HubServer
from tests.pipelines.stages.publish.conftest import REPO


@pytest.mark.long
def test_a_run_is_compared_with_what_was_published_of_it(
    run_folder: Path,
    hub: HubServer,
    publish_to: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish_to(run_folder)
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    capsys.readouterr()
    assert main(["stats", str(run_folder), "--against", f"{REPO}@v1.0.0", "--json"]) == 0
    drift = json.loads(capsys.readouterr().out)["drift"]
    assert drift["against"]["name"] == f"{REPO}@v1.0.0"
    assert drift["left_out"] == ["comments", "origins", "posts"]  # which are not published unless the recipe says so
    by_column = {(column["table"], column["column"], column["measure"]): column for column in drift["columns"]}
    score = by_column["samples", "score", "values"]
    assert (score["jensen_shannon"], score["kolmogorov_smirnov"], score["missing"]) == (0, 0, 0)
    assert by_column["samples", "platform", "words"]["l_infinity"] == 0
    assert main(["stats", REPO, "--table", "samples"]) == 0
    assert capsys.readouterr().out.startswith("samples: 109 rows")
    assert main(["stats", f"{REPO}@v9.9.9"]) == 2
    assert f"{REPO} has no such branch, tag or commit." in capsys.readouterr().err
