"""What names a post, in every form that people have it in."""

from __future__ import annotations

import gzip
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.files import InputFile
from blift.connectors.reddit.ids import BadEntry, FoundIds, NamesNoPost, read_ids, submission_id
from blift.schemas.errors import InputError


@pytest.mark.parametrize(
    "text",
    [
        *("1abc9z", " 1abc9z\r", "1ABC9Z", "t3_1abc9z", "reddit:1abc9z"),
        *("/r/pics/comments/1abc9z/a_title/", "/comments/1abc9z", "r/pics/comments/1abc9z/a_title/"),
        "https://www.reddit.com/r/pics/comments/1abc9z/a_title/kod0bkd/?context=3#here",
        *("http://old.reddit.com/comments/1abc9z", "https://reddit.com/comments/1abc9z/"),
        *("https://www.reddit.com/gallery/1abc9z", "https://www.reddit.com/user/name/comments/1abc9z/_/"),
        *("https://redd.it/1abc9z", "redd.it/1abc9z", "https://www.reddit.com/by_id/t3_1abc9z"),
        "https://www.reddit.com/r/comments/comments/1abc9z/comments/",
    ],
)
def test_a_post_is_named(text: str) -> None:
    assert submission_id(text) == "1abc9z"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("t1_kod0bkd", "it names a comment"),
        ("two words", "it is neither an id, base 36, nor an address"),
        ("1abc9z1abc9z1abc9z", "it is neither an id, base 36, nor an address"),
        ("https://www.reddit.com/r/pics/", "it is an address of Reddit's, not of a post"),
        ("https://www.reddit.com/r/pics/s/AbCdEf", "a share link does not say where it leads"),
        ("https://i.redd.it/1abc9z.jpg", "it is the address of a file, not of a post"),
        ("https://v.redd.it/1abc9z", "it is the address of a file, not of a post"),
        ("https://www.youtube.com/watch?v=abc", "it is no address of Reddit's"),
        ("https://reddit.com.example/comments/1abc9z", "it is no address of Reddit's"),
        ("https://notreddit.com/comments/1abc9z", "it is no address of Reddit's"),
        ("https://www.reddit.com/comments/../1abc9z", "what stands where the id should be is none"),
        ("https://[::1/comments/1abc9z", "it is no address"),
        ("https://redd.it/", "what stands where the id should be is none"),
    ],
)
def test_what_names_no_post_says_why(text: str, problem: str) -> None:
    with pytest.raises(NamesNoPost, match=problem.replace("(", r"\(")):
        submission_id(text)


@given(st.text())
def test_any_text_names_a_post_or_says_why_not(text: str) -> None:
    with suppress(NamesNoPost):
        named = submission_id(text)
        assert named == submission_id(f"/r/pics/comments/{named}/title/") == submission_id(f"https://redd.it/{named}")


def read(path: Path) -> FoundIds:
    return read_ids(InputFile(str(path), path.stat().st_size, path.name))


@pytest.mark.parametrize("is_packed", [False, True])
def test_lines_name_posts_each_once_and_bad_ones_have_their_number(tmp_path: Path, *, is_packed: bool) -> None:
    content = b"\xef\xbb\xbft3_b\n\nhttps://redd.it/a\r\nno post\nB\n/comments/c/\xff/\n"
    (tmp_path / "ids").write_bytes(gzip.compress(content, mtime=0) if is_packed else content)
    assert read(tmp_path / "ids") == FoundIds(
        ["b", "a", "c"], [BadEntry("ids", 4, "no post", "it is neither an id, base 36, nor an address")]
    )


_ROWS = {
    "url": ["https://i.redd.it/x.jpg", "https://redd.it/b", "https://i.redd.it/y.jpg", None],
    "permalink": ["/r/pics/comments/a/first/", None, "of\ntwo lines", ""],
    "comments": [["one"], ["two"], [], []],
}
_FOUND = (["a", "b"], [(3, "of\ntwo lines", "it is neither an id, base 36, nor an address")])


def test_a_dataset_in_parquet_is_read_by_its_permalinks_and_then_by_its_addresses(tmp_path: Path) -> None:
    pq.write_table(pa.table(_ROWS), tmp_path / "train")
    found = read(tmp_path / "train")
    assert (found.ids, [entry[1:] for entry in found.bad]) == _FOUND


@pytest.mark.parametrize("ending", [".csv", ".CSV.gz"])
def test_a_dataset_in_csv_is_read_as_well(tmp_path: Path, ending: str) -> None:
    table = pa.table({name: _ROWS[name] for name in ("url", "permalink")})
    table = table.append_column("num_comments", pa.array([1, 2, 3, 4]))
    pa_csv.write_csv(table, tmp_path / "plain")
    content = (tmp_path / "plain").read_bytes()
    path = tmp_path / f"train{ending}"
    path.write_bytes(gzip.compress(content, mtime=0) if ending.endswith("gz") else content)
    found = read(path)
    assert (found.ids, [entry[1:] for entry in found.bad]) == _FOUND


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.csv", b"title,score\na,1\n", "has no column of texts that names posts.*it has title, score"),
        ("x.csv", b"", "cannot be read"),
        ("x", b"PAR1 and no more", "cannot be read"),
        ("x", gzip.compress(b"abc\n" * 9, mtime=0)[:-9], "Line 2 of .* cannot be read"),
    ],
)
def test_a_file_that_is_of_no_use_is_an_error_that_says_so(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=says):
        read(tmp_path / name)
