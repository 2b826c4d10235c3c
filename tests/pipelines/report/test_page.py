"""The page of `blift report` in Chromium: every view, the five questions, and what it must never do."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.versions import run_folder
from blift.pipelines.report.page_folder import BESIDE, OPENED, PAGE
from blift.pipelines.report.report import report
from tests.pipelines.axe import require_axe, serious
from tests.pipelines.report.made import Row, hostile_sample, hostile_strings, with_rows

pytestmark = pytest.mark.browser

EXPLORE = PAGE.parents[1] / "explore" / "page"
_MODULES = Path(__file__).parents[3] / ".cache" / "page" / "node_modules"
VIEWS = ("overview", "funnel", "rejects", "samples", "merged", "distributions", "privacy")


@dataclass
class Opened:
    """A page, what it asked for, and what its console said."""

    page: Page
    folder: Path
    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def show(self, view: str) -> Page:
        """The page at a view, drawn."""
        new = self.page.url == "about:blank"
        self.page.goto(f"{self.folder.as_uri()}/index.html#/{view}")
        if not new:
            self.page.reload()  # another part of the same address loads nothing
        expect(self.page.locator("main h1, main h2").first).to_be_visible()
        return self.page

    def check(self) -> None:
        """Nothing was asked for beside the folder, and the console said nothing."""
        assert [each for each in self.requests if not each.startswith(f"{self.folder.as_uri()}/")] == []
        assert self.said == []


def opened(browser: Browser, folder: Path, **options: object) -> Opened:
    page = browser.new_page(**options)  # type: ignore[arg-type]  # options of a context
    made = Opened(page, folder)
    page.on("request", lambda request: made.requests.append(request.url))
    page.on("console", lambda message: made.said.append(message.text))
    page.on("pageerror", lambda error: made.said.append(str(error)))
    return made


@pytest.fixture
def site(chromium: Browser, page: Path) -> Iterator[Opened]:
    """The report of the demo; its page asked for nothing elsewhere when the test is done."""
    made = opened(chromium, page)
    yield made
    made.check()
    made.page.close()


@pytest.fixture(scope="session")
def compared(stricter_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("compared") / "report"
    report(run_folder(str(stricter_run)), out, against=run_folder(f"{stricter_run}@previous"))
    return out


def test_every_view_is_drawn_from_files_alone(site: Opened) -> None:
    for view in VIEWS:
        shown = site.show(view)
        assert shown.locator("#views a[aria-current]").get_attribute("data-view") == view
        assert len(shown.inner_text("main")) > 100, view


def test_filters_leave_the_samples_that_they_name(site: Opened) -> None:
    shown = site.show("samples")
    status = shown.get_by_role("status")
    expect(status).to_have_text("109 of 109 samples in this report.")
    shown.get_by_label("platform").select_option("youtube")
    expect(status).to_have_text("27 of 109 samples in this report.")
    shown.get_by_label("of several posts").check()
    shown.get_by_label("Words of the title").fill("market at dawn")
    titles = shown.locator(".list .rows [role=row] a")
    expect(titles.first).to_contain_text("market at dawn")
    assert len(titles.all()) < 27


def test_a_list_sorts_by_a_column_and_holds_only_rows_in_sight(site: Opened) -> None:
    shown = site.show("samples")
    shown.get_by_role("button", name="score", exact=True).click()
    first = shown.locator(".list .rows [role=row]").first
    expect(first).to_contain_text("2,430")
    assert shown.get_by_role("table", name="Samples").get_attribute("aria-rowcount") == "110"
    assert 5 < shown.locator(".list .rows [role=row]").count() < 60


def test_a_film_shows_its_keyframes_under_the_replay_graph(site: Opened) -> None:
    shown = site.show("samples")
    shown.get_by_label("with a replay graph").check()
    shown.get_by_label("Words of the title").fill("street musician after the rain")
    shown.locator(".list .rows a").first.click()
    graph = shown.get_by_role("img", name="Replay graph. Most replayed from 0:04 to 0:05.")
    expect(graph).to_be_visible()
    frames = shown.locator(".film .scene img")
    assert frames.count() == 4
    assert frames.evaluate_all("all => all.every((each) => each.complete ? each.naturalWidth > 0 : true)")
    box, film = graph.bounding_box(), shown.locator(".film").bounding_box()
    assert box
    assert film
    assert (box["x"], box["width"]) == (film["x"], film["width"])
    shown.get_by_text("Speech, 1 part").click()
    expect(shown.get_by_text("Look at the light.").first).to_be_visible()
    shown.get_by_text(re.compile("^full, ")).click()
    expect(shown.get_by_text("You are a helpful assistant.").first).to_be_visible()


def test_a_reject_is_traced_from_the_funnel_to_its_line(site: Opened) -> None:
    shown = site.show("funnel")
    shown.get_by_role("link", name="not utf8 1").click()
    shown.locator("main summary").first.click()
    expect(shown.locator("dd").filter(has_text="RS_2021-02.zst").first).to_be_visible()
    expect(shown.get_by_text("zstdcat --long=31 'RS_2021-02.zst' | sed -n 65p")).to_be_visible()
    expect(shown.locator("main pre").first).to_be_visible()


def test_a_cluster_shows_its_pictures_and_what_joined_them(site: Opened) -> None:
    shown = site.show("merged")
    cluster = shown.locator(".cluster").filter(has_text="of several files that show the same")
    assert cluster.locator("img").count() == 3
    expect(cluster.get_by_text("their perceptual hashes differ in").first).to_be_visible()


def test_two_versions_are_compared(chromium: Browser, compared: Path) -> None:
    made = opened(chromium, compared)
    shown = made.show("comparison")
    expect(shown.get_by_text("+      views_above: 50000")).to_be_visible()
    expect(shown.get_by_text("few views (curate, views above)").first).to_be_visible()
    made.check()
    made.page.close()


def why_is_a_post_missing(shown: Page) -> None:
    shown.get_by_label("Id or address of a post").fill("https://www.reddit.com/r/pics/comments/hv2gw/two_foxes/")
    shown.get_by_role("button", name="Find").click()
    expect(shown.get_by_role("heading", name="reddit:hv2gw was rejected: nsfw")).to_be_visible()
    shown.get_by_role("link", name="Other rejects of this reason").click()
    shown.locator("main summary").filter(has_text="reddit:hv2gw").click()
    expect(shown.locator("main pre").first).to_contain_text("hv2gw")


def what_do_samples_look_like(shown: Page) -> None:
    shown.get_by_role("link", name="What do samples look like?").click()
    shown.get_by_role("button", name="Random sample").click()
    expect(shown.get_by_role("heading", name="Chosen comments")).to_be_visible()


def what_did_my_threshold_change(shown: Page) -> None:
    shown.get_by_role("link", name="What did a change of the recipe change?").click()
    expect(shown.get_by_role("heading", name="Samples that went")).to_be_visible()
    expect(shown.get_by_text("few views (curate, views above)").first).to_be_visible()


def which_media_were_merged_and_why(shown: Page) -> None:
    shown.get_by_role("link", name="Which media were merged, and why?").click()
    expect(shown.get_by_text("The same address or id").first).to_be_visible()


def how_many_lack_a_replay_graph(shown: Page) -> None:
    expect(shown.get_by_text(re.compile(r"lack one: not offered"))).to_be_visible()
    shown.get_by_role("link", name="How many samples lack a replay graph?").click()
    expect(shown.get_by_role("table").filter(has_text="Replay graph: present")).to_contain_text("not_offered")


@pytest.mark.parametrize(
    "answered",
    [
        why_is_a_post_missing,
        what_do_samples_look_like,
        what_did_my_threshold_change,
        which_media_were_merged_and_why,
        how_many_lack_a_replay_graph,
    ],
)
def test_a_question_is_answered_in_three_clicks(
    chromium: Browser, compared: Path, answered: Callable[[Page], None]
) -> None:
    made = opened(chromium, compared)
    shown = made.show("overview")
    shown.evaluate("() => { globalThis.clicks = 0; addEventListener('click', () => { globalThis.clicks += 1 }, true) }")
    answered(shown)
    assert shown.evaluate("globalThis.clicks") <= 3
    made.check()
    made.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_reports_nothing_serious(chromium: Browser, compared: Path, scheme: str) -> None:
    require_axe()
    made = opened(chromium, compared, color_scheme=scheme)
    first = (compared / "data" / "samples.js").read_text()
    sample = re.findall(r"[0-9a-f]{32}", first)[0]
    for view in (*VIEWS, "comparison", f"samples/{sample}", "rejects/3", "find/hv2gw"):
        assert serious(made.show(view)) == [], view
    made.page.close()


def test_the_keyboard_reaches_everything(site: Opened) -> None:
    shown = site.show("samples")
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.textContent") == "Skip to the content"
    shown.keyboard.press("Enter")
    assert shown.evaluate("document.activeElement.id") == "main"
    shown.get_by_role("button", name="Random sample").focus()
    shown.keyboard.press("Enter")
    expect(shown.get_by_role("heading", name="Chosen comments")).to_be_visible()
    assert shown.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("view", [*VIEWS, "find/hv2gw"])
def test_a_phone_needs_no_scrolling_sideways(chromium: Browser, page: Path, view: str) -> None:
    made = opened(chromium, page, viewport={"width": 375, "height": 720}, is_mobile=True)
    shown = made.show(view)
    assert shown.evaluate("document.documentElement.scrollWidth") <= 375
    made.page.close()


def test_500_hostile_strings_are_inert(chromium: Browser, built: tuple[Path, Manifest], tmp_path: Path) -> None:
    texts = hostile_strings()
    assert len(texts) == 500
    left = iter(texts)

    def change(rows: list[Row]) -> list[Row]:
        return [hostile_sample(row, left) for row in rows]

    folder = tmp_path / "report"
    report(RunFolder(str(with_rows(built[0], tmp_path / "run", change))), folder)
    assert next(left, None) is None
    made = opened(chromium, folder)
    shown = made.show("samples")
    ids = sorted(set(re.findall(r"[0-9a-f]{32}", (folder / "data" / "samples.js").read_text())))
    for sample in ids:
        shown.evaluate("(id) => { location.hash = `#/samples/${id}` }", sample)
        expect(shown.locator("dd code")).to_have_text(sample)
    seen = shown.evaluate(
        "() => [globalThis.hit ?? null,"
        " document.querySelectorAll('main script, iframe, main style, base, main link').length]"
    )
    assert seen == [None, 0]
    for view in ("merged", "samples", "find/start"):
        made.show(view)
        assert shown.evaluate("globalThis.hit ?? null") is None
    made.check()
    made.page.close()


def test_names_of_files_and_what_was_rejected_stay_texts(
    chromium: Browser, built: tuple[Path, Manifest], tmp_path: Path
) -> None:
    texts = hostile_strings()
    left, groups = iter(texts), iter(texts[::25])

    def change(rows: list[Row]) -> list[Row]:
        return [
            {**row, "reason": next(groups, row["reason"]), "detail": next(left, "plain"), "source": next(left, "plain"),
             "line": 1, "payload": next(left, "{}")}
            for row in rows
        ]  # fmt: skip

    run = RunFolder(str(with_rows(built[0], tmp_path / "run", change, "reject")))
    assert (next(left, None), next(groups, None)) == (None, None)
    manifest = run.require_manifest()
    manifest.stages["ingest"].inputs["files"] = [[text, 1, "0" * 64] for text in texts]
    run.write_manifest(replace(manifest, recipe=texts[0]))
    folder = tmp_path / "report"
    report(run, folder)
    made = opened(chromium, folder)
    shown = made.show("overview")
    shown.get_by_text("Files that were read, 500").click()
    shown = made.show("rejects")
    groups_there = shown.locator("tbody a").evaluate_all("all => all.map((each) => each.hash)")
    assert len(groups_there) >= 20
    for group in groups_there:
        shown.evaluate("(to) => { location.hash = to }", group)
        expect(shown.get_by_role("link", name="All reasons")).to_be_visible()
        shown.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true })")
        assert shown.locator("main script, iframe, main style, base, main link, main img").count() == 0
    for view in ("funnel", "rejects"):
        made.show(view)
    assert shown.evaluate("globalThis.hit ?? null") is None
    made.check()
    made.page.close()


def test_a_long_title_is_cut_and_says_so(chromium: Browser, built: tuple[Path, Manifest], tmp_path: Path) -> None:
    run = with_rows(built[0], tmp_path / "run", lambda rows: [{**row, "title": "word " * 20_000} for row in rows])
    report(RunFolder(str(run)), tmp_path / "report", samples=1)
    made = opened(chromium, tmp_path / "report")
    made.show("samples").locator(".list .rows a").first.click()
    button = made.page.get_by_role("button", name="Show all 100,000 characters, of which this report holds 20,000")
    expect(button.first).to_be_visible()
    made.check()
    made.page.close()


def test_the_bundle_is_what_the_sources_build(tmp_path: Path) -> None:
    if not shutil.which("node") or not (_MODULES / ".bin" / "esbuild").exists():
        pytest.skip("Node or esbuild is not installed here: run `make page`, which needs Node")
    subprocess.run([str(PAGE / "build.sh"), str(_MODULES), str(tmp_path), str(tmp_path)], check=True)
    for name in (OPENED, *BESIDE):
        if name != "index.html":
            assert (tmp_path / name).read_bytes() == (PAGE / name).read_bytes(), name
    for name in ("explore.js", "explore.css"):
        assert (tmp_path / name).read_bytes() == (EXPLORE / name).read_bytes(), name


def test_the_page_is_small_before_its_data() -> None:
    assert sum((PAGE / name).stat().st_size for name in (OPENED, *BESIDE)) < 2_000_000
    assert sum(path.stat().st_size for path in EXPLORE.glob("explore.*")) < 2_000_000
