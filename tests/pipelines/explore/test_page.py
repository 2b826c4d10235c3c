"""The page of `blift explore` in Chromium: what people do with it, and what it must never do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from blift.connectors.parquet import write_parquet, write_shard
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.explore.api import Dataset, Explorer
from blift.pipelines.explore.kept_media import KeptMedia
from blift.pipelines.explore.query import Database
from blift.pipelines.explore.server import ExploreServer
from blift.pipelines.explore.tables import QueryTable, tables_of
from blift.pipelines.report.funnel import funnel
from blift.pipelines.report.report import report
from tests.pipelines.axe import require_axe, serious
from tests.pipelines.report.made import Row, hostile_sample, hostile_strings, with_rows

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

    def each_row(self) -> Iterator[Locator]:
        """The rows of the list, one after the other: the first by its button, the others by that of the dialog."""
        self.page.get_by_role("button", name="Open row 1", exact=True).click()
        drawn = self.page.locator("dialog article:not([data-seen])")
        following = self.page.locator("#sample-next")
        more = True
        while more:
            drawn.wait_for()
            yield self.page.locator("dialog article")
            drawn.evaluate("article => { article.dataset.seen = '' }")
            more = following.evaluate("button => { const more = !button.disabled; button.click(); return more }")
        self.page.keyboard.press("Escape")

    def close(self) -> None:
        self.page.close()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site(chromium: Browser, built: tuple[Path, Manifest]) -> Iterator[Site]:
    folder, manifest = built
    tables = tables_of(RunFolder(str(folder)), manifest)
    dataset = Dataset("demo", str(folder), Database(tables), funnel(manifest), KeptMedia(str(folder)))
    made = Site(chromium, dataset)
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
    expect(dialog.get_by_label("The media of this sample")).to_be_visible()
    expect(dialog.get_by_alt_text("Scene 2, from")).to_be_visible()
    expect(dialog).to_contain_text("Pairs, as a trainer sees them")
    shown = dialog.get_by_alt_text("Scene 1, from").evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert shown > 0


def test_a_replay_graph_is_drawn_and_told(site: Site) -> None:
    site.page.get_by_label("Condition in SQL").fill("len(replay) = 100")
    site.page.get_by_role("button", name="Random sample").click()
    graph = site.page.get_by_role("img", name="Replay graph. Most replayed")
    expect(graph).to_be_visible()
    assert (graph.locator(".line").get_attribute("d") or "").count("L") == 99


def test_the_keyboard_suffices(site: Site) -> None:
    page = site.page
    page.locator("#table").select_option("rejects")
    site.message("1,068 rows of rejects match; 1 to 50 shown.")
    page.get_by_role("button", name="Open row 1", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("What decided")
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
    site.message("1 in samples, 1 in posts, 1 in origins.")


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


def test_a_reason_of_the_funnel_leads_to_its_rejects_and_their_lines(site: Site) -> None:
    page = site.page
    page.get_by_text("Funnel: what was left out, and why").click()
    page.get_by_role("button", name="not utf8 1").click()
    site.message("1 rows of rejects match; 1 to 1 shown.")
    page.get_by_role("button", name="Open row 1", exact=True).click()
    expect(page.get_by_role("dialog").get_by_text("zstdcat --long=31 'RS_2021-02.zst' | sed -n 65p")).to_be_visible()


def test_a_sample_of_several_posts_shows_what_joined_them(site: Site) -> None:
    site.page.get_by_label("Condition in SQL").fill("media_key = 'reddit-image:034ddvwp8qpbn'")
    site.page.get_by_role("button", name="Random sample").click()
    dialog = site.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="What was merged, and why")).to_be_visible()
    expect(dialog.get_by_text("their perceptual hashes differ in").first).to_be_visible()


def test_a_sample_is_shown_as_in_the_report(
    site: Site, chromium: Browser, built: tuple[Path, Manifest], tmp_path: Path
) -> None:
    """The same component out of the same rows: the texts of both are equal, but for media that only one of them has."""
    page = tmp_path / "report"
    report(RunFolder(str(built[0])), page)
    other = chromium.new_page()
    other.goto(f"{page.as_uri()}/index.html")
    compared = 0
    for place, article in enumerate(site.each_row()):
        if place % 5:
            continue
        sample = article.locator("dd code").inner_text()
        other.evaluate("(id) => { location.hash = `#/samples/${id}` }", sample)
        expect(other.locator("article.sample dd code")).to_have_text(sample)
        shown = [each.locator("article.sample") for each in (other, site.page)]
        headings = [each.locator("h2, h3").all_inner_texts() for each in shown]
        assert headings[0] == headings[1]
        numbers = [each.locator(".facts").first.inner_text() for each in shown]
        assert numbers[0] == numbers[1]
        pairs = [each.locator("summary").all_inner_texts() for each in shown]
        assert pairs[0] == pairs[1]
        compared += 1
    assert compared == 10
    other.close()


# Colours depend on the scheme alone, and all else that axe finds on the width alone: two runs see both of each.
@pytest.mark.parametrize(("scheme", "width"), [("dark", 360), ("light", 1280)])
def test_axe_reports_nothing_serious(site: Site, scheme: str, width: int) -> None:
    require_axe()
    page = site.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two
    page.set_viewport_size({"width": width, "height": 740})
    page.get_by_text("Funnel: what was left out, and why").click()
    page.get_by_role("button", name="Add a filter").click()
    assert serious(page) == []
    for table in ("samples", "rejects", "posts", "instructions", "chat"):
        page.locator("#table").select_option(table)
        site.message(f"rows of {table} match")
        page.get_by_role("button", name="Open row 1", exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.evaluate("document.querySelectorAll('dialog details').forEach((each) => { each.open = true })")
        assert serious(page) == [], table
        page.keyboard.press("Escape")


def test_500_hostile_strings_are_inert(chromium: Browser, built: tuple[Path, Manifest], tmp_path: Path) -> None:
    texts = iter(hostile_strings())

    def change(rows: list[Row]) -> list[Row]:
        return [hostile_sample(row, texts) for row in rows]

    folder = with_rows(built[0], tmp_path / "run", change)
    assert next(texts, None) is None
    manifest = RunFolder(str(folder)).require_manifest()
    database = Database(tables_of(RunFolder(str(folder)), manifest))
    site = Site(chromium, Dataset(SOME[0], SOME[1], database, (), KeptMedia(str(folder))))
    site.message("109 rows of samples match")
    opened = 0
    for first in (0, 50, 100):
        opened += sum(1 for _ in site.each_row())
        if first < 100:
            site.page.get_by_role("button", name="Next page").click()
            site.message(f"{first + 51} to")
    assert opened == 109
    assert site.page.locator("main script, dialog script, iframe, main style, main base, main link").count() == 0
    assert site.page.evaluate("globalThis.hit ?? null") is None
    assert site.said == []
    site.close()


SOME = [*(text for place, text in enumerate(hostile_strings()) if place % 25 == 0), "long " * 20_000]


def test_names_and_cells_of_strangers_stay_texts(chromium: Browser, tmp_path: Path) -> None:
    rows = [
        {"stage": text, "rule": text, "reason": text, "record_table": "post", "record_id": text, "detail": text,
         "source": text, "line": 1, "payload": text}
        for text in SOME
    ]  # fmt: skip
    shard = write_shard(pa.Table.from_pylist(rows), "reject", str(tmp_path), "rejects/r-00000-of-00001.parquet")
    theirs = write_parquet(pa.table({SOME[0]: SOME, SOME[1]: SOME}), str(tmp_path), "odd/x-00000-of-00001.parquet")
    tables = {
        "rejects": QueryTable("rejects", "reject", [shard], str(tmp_path)),
        SOME[2]: QueryTable(SOME[2], "", [theirs], str(tmp_path)),
    }
    steps = [{"stage": SOME[0], "table": SOME[1], "step": SOME[2], "says": SOME[3], "in": 1, "out": 0, "merged": 0,
              "rejected": [[SOME[4], 1]]}]  # fmt: skip
    site = Site(chromium, Dataset(SOME[0], SOME[1], Database(tables), steps))
    for place, name in enumerate(tables):
        site.page.locator("#table").select_option(index=place)
        site.message(f"{len(SOME)} rows of")
        for text, article in zip(SOME, site.each_row(), strict=True):
            told = article.locator(".fields dd").first
            if len(text) <= 2_000:
                assert told.text_content() == text, name
            else:
                expect(told.get_by_role("button", name=f"Show all {len(text):,} characters")).to_be_visible()
    assert site.page.locator("main script, dialog script, main img, dialog img, iframe, main base").count() == 0
    assert site.page.evaluate("globalThis.hit ?? null") is None
    assert site.said == []
    site.close()
