"""Rules that choose a subset, and lists of posts in every form that people have."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blift.schemas.errors import RecipeError
from blift.schemas.platform import platform_of
from blift.transforms.rules.options import Ids, Words
from blift.transforms.rules.post_lists import candidates_of, post_list
from blift.transforms.rules.registry import RecordKind, apply_rules, checks
from blift.transforms.vocabulary import Vocabulary

_SOMETIME = datetime(2021, 1, 1, tzinfo=UTC)


def kept(
    record: RecordKind, platform: str, rows: list[dict[str, Any]], stage: str = "curate", **options: Any
) -> list[str]:
    """Names of the rows that the rules keep."""
    rules = checks(record, platform_of(platform), options, stage)
    assert len(rules) == len(options)
    return apply_rules(pl.DataFrame(rows, infer_schema_length=None), rules).kept["name"].to_list()


def words(*entries: str) -> Words:
    return Words("mine", Vocabulary.of(entries))


def test_posts_are_chosen_by_words_of_title_and_text() -> None:
    rows = [
        {"name": "title", "title": "A red barn", "text": None},
        {"name": "text", "title": "Evening", "text": "The barn at dusk"},
        {"name": "other", "title": "Barnacles", "text": ""},
        {"name": "none", "title": None, "text": None},
    ]
    assert kept(RecordKind.POST, "reddit", rows, words=words("barn")) == ["title", "text"]
    assert kept(RecordKind.POST, "reddit", rows, words_out=words("barn")) == ["other", "none"]
    assert kept(RecordKind.POST, "reddit", rows, pattern="(?i)barn") == ["title", "text", "other"]
    assert kept(RecordKind.POST, "reddit", rows, pattern_out="^A|dusk$") == ["other", "none"]


@pytest.mark.parametrize(
    ("option", "value", "column", "platform"),
    [
        ("min_score", 10, "score", "reddit"),
        ("min_upvote_ratio", 0.5, "upvote_ratio", "reddit"),
        ("min_likes", 3, "likes", "youtube"),
        ("min_num_comments", 2, "num_comments", "reddit"),
    ],
)
def test_numbers_below_the_least_are_left_out_and_unknown_ones_stay(
    option: str, value: float, column: str, platform: str
) -> None:
    rows = [{"name": str(number), column: number} for number in (value - 0.25, value, value + 1, None)]
    assert kept(RecordKind.POST, platform, rows, **{option: value}) == [str(value), str(value + 1), "None"]


@pytest.mark.parametrize(
    ("option", "column", "platform"), [("max_score", "score", "reddit"), ("max_views", "views", "youtube")]
)
def test_numbers_above_the_most_are_left_out(option: str, column: str, platform: str) -> None:
    rows = [{"name": str(number), column: number} for number in (4, 5, 6, None)]
    assert kept(RecordKind.POST, platform, rows, **{option: 5}) == ["4", "5", "None"]


def test_videos_are_chosen_by_category_and_channel() -> None:
    rows = [
        {"name": "a", "categories": ["Education"], "channel_id": "UC1"},
        {"name": "b", "categories": ["Music", "Comedy"], "channel_id": "UC2"},
        {"name": "c", "categories": [], "channel_id": None},
    ]
    assert kept(RecordKind.POST, "youtube", rows, categories=["education", "comedy"]) == ["a", "b"]
    assert kept(RecordKind.POST, "youtube", rows, channels_out=Ids("mine", ("UC1",))) == ["b", "c"]


def test_comments_are_chosen_by_score_age_place_and_author() -> None:
    def comment(name: str, score: int | None, hours: float, depth: int | None, *, own: bool | None) -> dict[str, Any]:
        times = {"posted_at": _SOMETIME, "retrieved_at": _SOMETIME + timedelta(hours=hours)}
        return {
            "name": name,
            "score": score,
            "parent_id": "reddit:x" if depth else None,
            "depth": depth,
            "by_poster": own,
        } | times

    rows = [
        comment("good", 5, 48, 0, own=False),
        comment("low", -17, 48, 0, own=False),
        comment("fresh", 5, 0.1, None, own=None),
        comment("answer", None, 48, 2, own=True),
    ]
    assert kept(RecordKind.COMMENT, "reddit", rows, min_score=0) == ["good", "fresh", "answer"]
    assert kept(RecordKind.COMMENT, "reddit", rows, min_age_hours=1.0) == ["good", "low", "answer"]
    assert kept(RecordKind.COMMENT, "reddit", rows, top_level=True) == ["good", "low", "fresh"]
    assert kept(RecordKind.COMMENT, "reddit", rows, max_depth=1) == ["good", "low", "fresh"]
    assert kept(RecordKind.COMMENT, "reddit", rows, max_depth=2) == ["good", "low", "fresh", "answer"]
    assert kept(RecordKind.COMMENT, "reddit", rows, by_poster_out=True) == ["good", "low", "fresh"]


def test_subreddits_are_left_out_however_they_are_written() -> None:
    rows = [{"name": name, "subreddit": name} for name in ("pics", "Funny", "aww")]
    assert kept(RecordKind.POST, "reddit", rows, "ingest", subreddits_out=["r/funny", "/r/Aww"]) == ["pics"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("1abc", ("reddit:1abc",)),
        ("t3_1abc", ("reddit:1abc",)),
        ("reddit:1abc", ("reddit:1abc",)),
        ("/r/pics/comments/1abc/a_title/", ("reddit:1abc",)),
        ("https://old.reddit.com/r/pics/comments/1abc/a_title/?utm=x", ("reddit:1abc",)),
        ("redd.it/1abc", ("reddit:1abc",)),
        ("dQw4w9WgXcQ", ("youtube:dQw4w9WgXcQ",)),
        ("https://youtu.be/dQw4w9WgXcQ?t=3", ("youtube:dQw4w9WgXcQ",)),
        ("www.youtube.com/watch?v=dQw4w9WgXcQ&list=x", ("youtube:dQw4w9WgXcQ",)),
        ("https://www.youtube.com/shorts/dQw4w9WgXcQ", ("youtube:dQw4w9WgXcQ",)),
        ("abcdefghijk", ("reddit:abcdefghijk", "youtube:abcdefghijk")),
        ("some words", ()),
        ("https://example.com/1abc", ()),
    ],
)
def test_a_post_is_known_by_id_and_address(text: str, ids: tuple[str, ...]) -> None:
    assert candidates_of([text]) == [ids]


def test_a_list_is_text_csv_or_parquet(tmp_path: Path) -> None:
    addresses = ["https://redd.it/1abc", "https://youtu.be/dQw4w9WgXcQ"]
    (tmp_path / "a.txt").write_text("\n".join(["# mine", *addresses, "", addresses[0]]))
    (tmp_path / "a.csv").write_text("n,permalink\n" + "".join(f'1,"{address}"\n' for address in addresses))
    pq.write_table(pa.table({"where": addresses}), tmp_path / "a.parquet")
    lists = [
        post_list(tmp_path / "a.txt", "a.txt"),
        post_list(tmp_path / "a.csv", "a.csv"),
        post_list(tmp_path / "a.parquet", "a.parquet", "where"),
    ]
    assert {listed.post_ids for listed in lists} == {frozenset({"reddit:1abc", "youtube:dQw4w9WgXcQ"})}
    assert len({listed.sha256 for listed in lists}) == 1


@pytest.mark.parametrize(
    ("name", "content", "column", "said"),
    [
        ("a.txt", "", None, "names no post"),
        ("a.txt", "1abc\nsome words", None, "1 entry that names no post, such as 'some words'"),
        ("a.csv", "n,m\n1,2\n", None, "has no column that names posts"),
        ("a.csv", "permalink\nx\n", "permalnk", "has no column 'permalnk', did you mean 'permalink'?"),
    ],
)
def test_a_list_that_is_none_is_one_sentence(
    tmp_path: Path, name: str, content: str, column: str | None, said: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(RecipeError) as error:
        post_list(tmp_path / name, name, column)
    assert said.partition(",")[0] in str(error.value)
