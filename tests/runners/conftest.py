"""The corpora that every engine builds, the builds that all are compared with, and the table at the end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from blift.pipelines.demo.corpus import write_corpus
from tests.runners.builds import Build, build_on
from tests.runners.engines import Engine
from tests.runners.tools import Missing

_LEGS = pytest.StashKey[list["Leg"]]()


@dataclass(frozen=True)
class Leg:
    """One line of the table: an engine, a corpus, and what came of it, or why it did not run."""

    engine: str
    corpus: str
    build: Build | None
    skipped: str = ""


@pytest.fixture(scope="session")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The recipe of a corpus, by its name: the demo, or the real archives, those in more than one shard."""
    made: dict[str, Path] = {}
    writers = {"demo": _demo, "real": _real}

    def recipe(name: str) -> Path:
        if name not in made:
            made[name] = writers[name](tmp_path_factory.mktemp(name))
        return made[name]

    return recipe


def _demo(folder: Path) -> Path:
    """The demo, with annotations of its pictures, statistics, reactions, and videos that were observed again."""
    path = Path(write_corpus(folder).recipe)
    _observe_again(folder / "youtube")
    pictures = sorted(picture.name for picture in (folder / "pictures").iterdir())
    asked = {
        "url": [f"https://i.redd.it/{name}" for name in pictures],
        "kind": ["memorability"] * len(pictures),
        "value": [place / len(pictures) for place in range(len(pictures))],
    }
    pq.write_table(pa.table(asked), folder / "asked.parquet")
    recipe = yaml.safe_load(path.read_text())
    recipe["sources"]["annotations"] = ["asked.parquet"]
    recipe["stats"] = {}
    path.write_text(yaml.safe_dump(recipe))
    return path


def _observe_again(folder: Path) -> None:
    """Beside each record that is not packed: a live chat, danmaku, and the record of a month later, with time marks."""
    whole = [path for path in sorted(folder.glob("*].info.json")) if not path.name.startswith("broken")]
    for place, path in enumerate(whole):
        record = json.loads(path.read_text())
        stem = path.name.removesuffix(".info.json")
        lines = [
            {
                "replayChatItemAction": {
                    "actions": [{"addChatItemAction": {"item": {"liveChatTextMessageRenderer": {}}}}]
                }
            }
            for _ in range(3)
        ]
        for second, line in enumerate(lines):
            message = line["replayChatItemAction"]["actions"][0]["addChatItemAction"]["item"]
            message["liveChatTextMessageRenderer"] = {"id": f"m{second}"}
            line["replayChatItemAction"]["videoOffsetTimeMsec"] = str(11_000 * (second + 1))
        (folder / f"{stem}.live_chat.json").write_text("\n".join(map(json.dumps, lines)))
        (folder / f"{stem}.danmaku.xml").write_text(f'<i><d p="{place + 6.5},1,25">x</d><d p="bad">x</d></i>')
        again = record | {"epoch": record["epoch"] + 30 * 86_400, "like_count": record["like_count"] + place}
        again["comments"] = [
            each | {"text": f"0:{10 + number % 20} {each['text']}"} if isinstance(each, dict) else each
            for number, each in enumerate(record["comments"] or [])
        ]
        (folder / f"{stem}.again.info.json").write_text(json.dumps(again))


def _real(folder: Path) -> Path:
    data = Path(os.environ.get("BLIFT_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
    if not data.is_dir():
        raise Missing(f"no real archives at {data}; set BLIFT_SHARED_DATA to their folder")
    recipe = {
        "name": "real",
        "sources": {
            "reddit": {
                "submissions": [str(data / "reddit" / "RS_*")],
                "comments": [str(data / "reddit" / "RC_*")],
            },
            "youtube": {"info": [str(data / "youtube" / "info" / "*.info.json*")]},
        },
        "output": {"shards": 5},
    }
    path = folder / "real.yaml"
    path.write_text(yaml.safe_dump(recipe))
    return path


Run = Callable[[Engine, str], Build]


@pytest.fixture(scope="session")
def run(
    request: pytest.FixtureRequest, corpora: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Build a corpus on an engine, once; skips by name where a tool or the data is missing."""
    legs = request.config.stash.setdefault(_LEGS, [])

    def once(engine: Engine, corpus: str) -> Build:
        for leg in legs:
            if (leg.engine, leg.corpus) == (engine.name, corpus) and leg.build:
                return leg.build
        try:
            built = build_on(engine, corpora(corpus), tmp_path_factory.mktemp("leg"))
        except Missing as missing:
            legs.append(Leg(engine.name, corpus, None, str(missing)))
            pytest.skip(str(missing))
        legs.append(Leg(engine.name, corpus, built))
        return built

    return once


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The legs: what each took, and by name those that did not run."""
    legs = config.stash.get(_LEGS, [])
    if not legs:
        return
    terminalreporter.section("engines")
    terminalreporter.line("| engine | corpus | fingerprint | wall s | CPU s | peak MB |")
    terminalreporter.line("|---|---|---|--:|--:|--:|")
    for leg in (leg for leg in legs if leg.build):
        usage = leg.build.usage
        figures = f"{usage.wall_s:.1f} | {usage.cpu_s:.1f} | {usage.peak_mb:,.0f}"
        terminalreporter.line(f"| {leg.engine} | {leg.corpus} | {leg.build.fingerprint[:12]} | {figures} |")
    for line in dict.fromkeys(f"not run: {leg.engine}: {leg.skipped}" for leg in legs if leg.skipped):
        terminalreporter.line(line)
