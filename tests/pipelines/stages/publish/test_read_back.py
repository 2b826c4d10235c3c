"""What was published can be built from: ours, and the six columns of BLIFT."""

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from blift.connectors.fetch.archives import write_archives
from blift.connectors.fetch.items import Item, NotThere
from blift.connectors.fetch.state import State
from blift.connectors.hub.dataset import published_rows
from blift.connectors.reddit.kinds import RedditItem
from blift.connectors.registry import kinds
from blift.pipelines.recipe.file import load_recipe
from blift.pipelines.stages.publish.publish import Result
from blift.schemas.errors import InputError, RecipeError
from blift.schemas.reasons import Absent
from blift.transforms.accounting import unbalanced
from blift.transforms.normalise import published_comments, published_posts
from tests.hub_server import TOKEN, HubServer
from tests.hub_server.state import Blob
from tests.pipelines.conftest import run_build
from tests.pipelines.stages.publish.conftest import REPO

#: What a published sample does not hold, or holds of the archives alone.
#: Posts have no columns for what only files tell; measure the files again to have it.
_LOST = {"media_file", "scenes", "replay_absent", "sha256", "phash", "cluster"}
#: Earlier observations, and the moments that comments name, are in tables that are not published.
_LOST |= {"growth", "reactions"}
#: A title that tells no language may have that of a comment or tag that a sample does not hold.
_LOST |= {"language", "language_confidence"}


def samples_in(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(str(folder / "samples" / "*.parquet")).sort("sample_id")


def source(tmp_path: Path, repo: str) -> Path:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"name: back\nsources:\n  hub: {{repo: {repo}}}\n")
    return recipe


@pytest.fixture
def here(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)


@pytest.mark.usefixtures("here")
def test_samples_that_blift_published_come_back_column_by_column(
    publish_to: Callable[..., Result], run_folder: Path, tmp_path: Path
) -> None:
    publish_to(run_folder)
    manifest, _ = run_build(source(tmp_path, REPO), tmp_path / "back")
    assert not any(unbalanced(record.funnel) for record in manifest.stages.values())
    before, after = samples_in(run_folder / "release"), samples_in(tmp_path / "back")
    assert before["sample_id"].to_list() == after["sample_id"].to_list()
    # Of media that were united because they show the same, posts do not say which is whose.
    alone = before["cluster"].is_null()
    before, after = before.filter(alone), after.filter(alone)
    assert before.height > 100
    for column in sorted(set(before.columns) - _LOST):
        assert before[column].to_list() == after[column].to_list(), column


@pytest.mark.usefixtures("here")
def test_the_six_columns_come_back(
    hub: HubServer, publish_to: Callable[..., Result], run_folder: Path, tmp_path: Path
) -> None:
    publish_to(run_folder)
    repo = hub.state.create(TOKEN, "owner", "BLIFT", private=False)
    tree = hub.state.repos[REPO].resolve("main").tree
    blift = {f"data/{path}": blob for path, blob in tree.items() if path.startswith("blift/")}
    repo.branches["main"] = repo.add(repo.branches["main"], blift, "six columns").oid
    run_build(source(tmp_path, "owner/BLIFT"), tmp_path / "back")
    before, after = samples_in(run_folder / "release"), samples_in(tmp_path / "back")
    assert before["sample_id"].to_list() == after["sample_id"].to_list()
    texts = pl.col("comments").list.eval(pl.element().struct.field("text"))
    for column in ("url", "permalink", "num_comments", "subreddit", "title", texts):
        assert before.select(column).equals(after.select(column)), column


@pytest.mark.usefixtures("here")
def test_what_a_collection_saw_taken_back_does_not_come_back(
    publish_to: Callable[..., Result], run_folder: Path, tmp_path: Path
) -> None:
    publish_to(run_folder)
    audiences = samples_in(run_folder / "release").explode("audiences")["audiences"].struct.field("post_id").to_list()
    post_id = next(post_id for post_id in audiences if post_id.startswith("reddit:"))
    collection = tmp_path / "fetched"
    item = Item(RedditItem.SUBMISSION, post_id.removeprefix("reddit:"))
    state = State(str(collection), kinds())
    state.add([item])
    state.take_in([(item, NotThere(Absent.DELETED))])
    write_archives(state, str(collection))
    recipe = source(tmp_path, REPO)
    recipe.write_text(recipe.read_text() + "  reddit: {fetched: [fetched]}\n")
    manifest, _ = run_build(recipe, tmp_path / "back")
    assert not any(unbalanced(record.funnel) for record in manifest.stages.values())
    posts = pl.read_parquet(str(tmp_path / "back" / "posts" / "*.parquet"))["post_id"].to_list()
    assert posts
    assert post_id not in posts
    (step,) = [row for row in manifest.stages["ingest"].funnel if row.step == "withdrawn" and row.rejected]
    assert {str(reason): rows for reason, rows in step.rejected.items()} == {"deleted": 1}


@pytest.mark.usefixtures("here")
def test_a_dataset_without_parquet_is_refused(hub: HubServer, tmp_path: Path) -> None:
    repo = hub.state.create(TOKEN, "owner", "BLIFT", private=False)
    repo.branches["refs/convert/parquet"] = repo.add(None, {"notes.txt": Blob(1, b"x")}, "conversion").oid
    with pytest.raises(InputError, match="owner/BLIFT holds no Parquet files"):
        run_build(source(tmp_path, "owner/BLIFT"), tmp_path / "back")


def test_a_row_becomes_a_post_and_its_comments_in_order() -> None:
    table = pa.table(
        {
            "url": ["https://i.redd.it/abc.jpg", "https://youtu.be/dQw4w9WgXcQ", "https://example.org/"],
            "permalink": ["/r/pics/comments/5zy2pk/some_title/", None, None],
            "comments": [["one two three", "four"], [], ["x"]],
            "num_comments": pa.array([10, None, 1], pa.int32()),
            "subreddit": ["pics", None, None],
            "title": ["A &amp; B", "B", "C"],
        }
    )
    chunk = published_rows(table, "owner/BLIFT/data.parquet", first=5)
    posts = published_posts(chunk.posts.table).to_pylist()
    assert [(post["post_id"], post["media_kind"], post["line"]) for post in posts] == [
        ("reddit:5zy2pk", "image", 6), ("youtube:dQw4w9WgXcQ", "video", 7)
    ]  # fmt: skip
    assert posts[0]["permalink"] == "https://www.reddit.com/r/pics/comments/5zy2pk/some_title/"
    assert posts[0]["title"] == "A &amp; B"
    replies = published_comments(chunk.comments.table).to_pylist()
    assert [(reply["comment_id"], reply["text"], reply["rank"]) for reply in replies] == [
        ("reddit:5zy2pk-0000", "one two three", 0), ("reddit:5zy2pk-0001", "four", 1)
    ]  # fmt: skip
    assert chunk.posts.rows_in == 3
    assert [(row["reason"], row["line"]) for row in chunk.posts.rejects.to_pylist()] == [("missing_field", 8)]


@pytest.mark.usefixtures("here")
def test_a_published_dataset_lists_the_posts_from_which_it_was_built(
    publish_to: Callable[..., Result], run_folder: Path, corpus: Path, tmp_path: Path
) -> None:
    publish_to(run_folder)
    shutil.copytree(corpus, tmp_path / "corpus")
    (tmp_path / "corpus" / "again.yaml").write_text(
        "name: again\nsources:\n"
        f"  reddit: {{submissions: [reddit/RS_*.zst], scope: {{ids: {{repo: {REPO}, revision: v1.0.0}}}}}}\n"
        f"  youtube: {{info: [youtube/*.info.json*], scope: {{ids: {{repo: {REPO}, column: permalink}}}}}}\n"
        "rejects: {max_malformed: 0.5}\n"
    )
    run_build(tmp_path / "corpus" / "again.yaml", tmp_path / "again", stages=("ingest",))
    found = pl.read_parquet(str(tmp_path / "again" / "posts" / "*.parquet"))["post_id"]
    samples = samples_in(run_folder / "release")
    audiences = samples["audiences"].explode().struct.field("post_id")
    assert set(found) == {*audiences.filter(audiences.str.starts_with("reddit:")), *_youtube_ids(samples["permalink"])}
    with pytest.raises(RecipeError, match=r"has no column 'nothing'\. Columns: sample_id, "):
        load_recipe(str(_listing(tmp_path, f"{{repo: {REPO}, column: nothing}}")))
    with pytest.raises(RecipeError, match="owner/gone"):
        load_recipe(str(_listing(tmp_path, "{repo: owner/gone}")))


def _youtube_ids(permalinks: pl.Series) -> list[str]:
    native = permalinks.str.extract(r"youtube\.com/watch\?v=(.{11})").drop_nulls()
    return [f"youtube:{each}" for each in native]


def _listing(folder: Path, ids: str) -> Path:
    recipe = folder / "corpus" / "list.yaml"
    recipe.write_text(f"name: list\nsources:\n  reddit: {{submissions: [reddit/RS_*.zst], scope: {{ids: {ids}}}}}\n")
    return recipe
