"""The page of `blift explore` in Chromium: what people do with it, and what it must never do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from playwright.sync_api import Browser, Page, expect

from blift.connectors.parquet import write_shard
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.explore.api import Dataset, Explorer
from blift.pipelines.explore.kept_media import KeptMedia
from blift.pipelines.explore.query import Database
from blift.pipelines.explore.server import ExploreServer
from blift.pipelines.explore.tables import QueryTable, tables_of

pytestmark = pytest.mark.browser


class Site:
    """A page that is served, what it asked for elsewhere, and what its console said."""

    def __init__(self, browser: Browser, dataset: Dataset) -> None:
        self.server = ExploreServer(Explorer(dataset), dataset.media)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.page: Page = browser.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on(
            "request", lambda request: self.said.extend([request.url][request.url.startswith(self.server.url) :])
        )
        self.page.goto(self.server.url)

    def message(self, text: str) -> None:
        expect(self.page.get_by_role("status")).to_contain_text(text)

    def close(self) -> None:
        self.page.close()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site(chromium: Browser, built: tuple[Path, Manifest]) -> Iterator[Site]:
    folder, manifest = built
    tables = tables_of(RunFolder(str(folder)), manifest)
    funnel = list(funnel_rows(manifest))
    made = Site(chromium, Dataset("demo", str(folder), Database(tables), funnel, KeptMedia(str(folder))))
    made.message("109 rows of samples match; 1 to 50 shown.")
    yield made
    assert made.said == []
    made.close()


def test_a_condition_and_a_filter_lead_to_a_sample_with_its_video(site: Site) -> None:
    page = site.page
    page.get_by_label("Condition in SQL").fill("len(scenes) > 2")
    page.get_by_role("button", name="Add a filter").click()
    page.get_by_label("Column of filter 1").select_option("media_file")
    page.get_by_label("Operator of filter 1").select_option("contains")
    page.get_by_label("Value of filter 1").fill(".mp4")
    page.get_by_role("button", name="Show").click()
    site.message("3 rows of samples match; 1 to 3 shown.")
    page.get_by_role("button", name="Open row 2").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_be_focused()
    expect(dialog.get_by_label("the media of this sample")).to_be_visible()
    expect(dialog.get_by_alt_text("keyframe of scene 2")).to_be_visible()
    expect(dialog).to_contain_text("instruction pairs, as a trainer sees them")
    shown = dialog.get_by_alt_text("keyframe of scene 1").evaluate(
        "image => image.decode().then(() => image.naturalWidth)"
    )
    assert shown > 0


def test_a_replay_graph_is_drawn_and_told(site: Site) -> None:
    site.page.get_by_label("Condition in SQL").fill("len(replay) = 100")
    site.page.get_by_role("button", name="Random sample").click()
    graph = site.page.get_by_role("img", name="Replay graph of")
    expect(graph).to_be_visible()
    assert len((graph.locator("polyline").get_attribute("points") or "").split()) == 100


def test_the_keyboard_suffices(site: Site) -> None:
    page = site.page
    page.locator("#table").select_option("rejects")
    site.message("1,068 rows of rejects match; 1 to 50 shown.")
    page.get_by_role("button", name="Open row 1", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Left out in curate by")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Open row 1", exact=True)).to_be_focused()
    page.get_by_role("button", name="Next page").focus()
    page.keyboard.press("Enter")
    site.message("51 to 100 shown.")


def test_a_click_on_a_heading_sorts(site: Site) -> None:
    heading = site.page.get_by_role("columnheader", name="views")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")


def test_an_id_is_found_in_all_tables(site: Site) -> None:
    site.page.get_by_label("Id of a sample").fill("reddit:hv07r")
    site.page.get_by_role("button", name="Find").click()
    site.message("1 in samples, 1 in posts.")


def test_a_mistake_is_a_sentence_on_the_page(site: Site) -> None:
    site.page.get_by_label("Condition in SQL").fill("scor > 1")
    site.page.get_by_role("button", name="Show").click()
    site.message("samples has no column 'scor', did you mean 'score'?")
    site.said = [line for line in site.said if "status of 400" not in line]  # Chromium's own word for a refused request


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_without_scrolling_sideways(site: Site, scheme: str) -> None:
    site.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two
    site.page.set_viewport_size({"width": 360, "height": 740})
    site.page.get_by_role("button", name="Random sample").click()
    expect(site.page.get_by_role("dialog")).to_be_visible()
    assert site.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert site.page.get_by_role("dialog").evaluate("dialog => dialog.scrollWidth - dialog.clientWidth") <= 0


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "\u202egnp.exe\u2066",
    "Z" + "\u0301\u0336" * 400,
    "</title></style></script><script>alert(1)</script>",
    "{{7*7}}${7*7}",
    "x" * 100_000,
    "\x00\x1b[2J\u2028",
]


def test_texts_of_strangers_stay_texts(chromium: Browser, tmp_path: Path) -> None:
    rows = [
        {"stage": text, "rule": text, "reason": text, "record_table": "post", "record_id": text, "detail": text,
         "source": text, "line": 1, "payload": text}
        for text in HOSTILE
    ]  # fmt: skip
    shard = write_shard(pa.Table.from_pylist(rows), "reject", str(tmp_path), "rejects/r-00000-of-00001.parquet")
    tables = {"rejects": QueryTable("rejects", "reject", [shard], str(tmp_path))}
    site = Site(chromium, Dataset(HOSTILE[0], HOSTILE[1], Database(tables)))
    site.message("10 rows of rejects match")
    for number, text in enumerate(HOSTILE, start=1):
        site.page.get_by_role("button", name=f"Open row {number}", exact=True).click()
        expect(site.page.get_by_role("dialog")).to_be_visible()
        told = site.page.locator("dialog dd").first.text_content()
        assert told == text
        site.page.get_by_role("button", name="Close").click()
    assert site.page.locator("main script, dialog script, main img, dialog img, main svg").count() == 0
    assert site.said == []
    site.close()
