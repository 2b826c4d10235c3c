"""Records that are left out before they are decoded: chunks are those that decoding every line gives, on any lines."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from blift.connectors import plain
from blift.connectors.files import Chunk, InputFile
from blift.connectors.reddit import archive
from blift.connectors.reddit.archive import read_comments, read_submissions
from blift.connectors.reddit.records import Comment, Submission
from blift.schemas.reasons import Reason
from tests.json_values import json_texts

pytestmark = pytest.mark.skipif(plain.compiled is None, reason="blift was installed without a C compiler")

_BLOCK_BYTES = 600
Read = Callable[[InputFile], Iterator[Chunk]]


def submissions(file: InputFile) -> Iterator[Chunk]:
    return read_submissions(file, frozenset({"pics", "[user]"}), block_bytes=_BLOCK_BYTES)


def on_known(ids: pl.Series) -> np.ndarray:
    return ids.is_in(["reddit:abc", "reddit:abd"]).to_numpy()


def comments(file: InputFile) -> Iterator[Chunk]:
    return read_comments(file, on_known, block_bytes=_BLOCK_BYTES)


def both_ways(read: Read, folder: Path, data: bytes) -> list[list[Chunk]]:
    """Chunks of an archive, sifted and with every line decoded."""
    path = folder / "archive.ndjson"
    path.write_bytes(data)
    file = InputFile(str(path), len(data), path.name)
    ways = []
    for compiled in (plain.compiled, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(plain, "compiled", compiled)
            ways.append(list(read(file)))
    return ways


_BASE = {
    "id": ['"abc"', '"t3_Abd"', '"x y"'],
    "link_id": ['"t3_abc"', '"t3_zzz"', '" T3_ABC "', '"abd"', '"t3_\\u0061bc"'],
    "subreddit": ['"pics"', '"Pics"', '"r/pics"', '"other"', '"u_someone"', '"p\\u0069cs"', '"été"', "null"],
    "author": ['"someone"', '"[deleted]"', "null"],
    "title": ['"a title"', '"\\ud83d\\ude00 \\u2019"', '"😀"'],
    "body": ['"a comment"', '"[removed]"'],
    "created_utc": ["1500000000", '"1500000000"', "1500000000.5", "0", "253402300800"],
    "score": ["12", "-3", '"7"'],
    "edited": ["false", "1500000001.0", "true"],
    "upvote_ratio": ["1.0", "0.93", "1", "1.5"],
    "_meta": ['{"retrieved_2nd_on": 1500000002, "is_edited": false}', "{}", "null"],
    "preview": ['{"images": [{"source": {"width": 1e2, "url": "a"}}], "enabled": true}'],
}
_NAMES = {kind: [field.encode_name for field in msgspec.structs.fields(kind)] for kind in (Submission, Comment)}


@st.composite
def lines(draw: st.DrawFn, kind: type[Submission | Comment]) -> bytes:
    """A record, mostly a sound one, in any style, sometimes damaged; or any bytes."""
    absent = "body" if kind is Submission else "title"
    names = [name for name in _BASE if name not in (absent, *(["link_id"] if kind is Submission else []))]
    left_out = draw(st.sets(st.sampled_from(names), max_size=1)) if draw(st.booleans()) else set()
    fields = [(name, draw(st.sampled_from(_BASE[name]))) for name in names if name not in left_out]
    fields += draw(
        st.lists(st.tuples(st.sampled_from([*_NAMES[kind], "name", "kind", "other"]), json_texts), max_size=2)
        | st.just([])
    )
    between, colon = draw(st.sampled_from([(", ", ": "), (",", ":"), (" ,\t", " : "), (",\r", ":")]))
    quoted = [(json.dumps(name), value) for name, value in draw(st.permutations(fields))]
    if draw(st.integers(0, 9)) == 0:
        quoted = [(name.replace("i", "\\u0069"), value) for name, value in quoted]
    text = "{" + between.join(f"{name}{colon}{value}" for name, value in quoted) + "}"
    line = draw(st.sampled_from(["", "", "", " ", "\0"])).encode() + text.encode("utf-8", "surrogatepass")
    return draw(_damaged(line)) if draw(st.integers(0, 4)) == 0 else line + draw(st.sampled_from([b"", b"\r", b" "]))


@st.composite
def _damaged(draw: st.DrawFn, line: bytes) -> bytes:
    start = draw(st.integers(0, len(line)))
    end = min(len(line), start + draw(st.sampled_from([0, 0, 1, 2, len(line)])))
    return line[:start] + draw(st.binary(max_size=2) | st.sampled_from([b"}", b"{", b'"', b",", b"\xe9"])) + line[end:]


def same(ways: Sequence[Sequence[Chunk]]) -> bool:
    sifted, decoded = ways
    assert len(sifted) == len(decoded)
    for one, other in zip(sifted, decoded, strict=True):
        assert one.rows_in == other.rows_in
        assert dict(one.skipped) == dict(other.skipped)
        assert one.table.equals(other.table)
        assert one.rejects.to_pylist() == other.rejects.to_pylist()
        assert dict(one.unlisted) == dict(other.unlisted)
    return True


_QUICK = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_QUICK
@given(st.lists(lines(Submission), max_size=12))
@example([b'{"id": "abc", "subreddit": "other", "score": "many"}'])
@example([b'{"id": "abc", "subreddit": "other"}{}', b'{"id": "abc", "subreddit": "other"}'])
@example([b'{"id": "abc", "subreddit": "other", "subreddit": "pics"}'])
@example([b'{"id": "abc", "subreddit": "other", "link_id": "t3_a", "body": "b"}'])
def test_submissions_are_those_of_decoding_every_line(tmp_path: Path, given_lines: list[bytes]) -> None:
    assert same(both_ways(submissions, tmp_path, b"\n".join(given_lines)))


@_QUICK
@given(st.lists(lines(Comment), max_size=12))
@example([b'{"id": "abc", "link_id": "t3_other", "controversiality": 2}'])
@example([b'{"id": "abc", "link_id": "t3_other", "body": "\xed\xa0\x80"}'])
def test_comments_are_those_of_decoding_every_line(tmp_path: Path, given_lines: list[bytes]) -> None:
    assert same(both_ways(comments, tmp_path, b"\n".join(given_lines)))


def _many(count: int, wanted: Callable[[int], bool]) -> bytes:
    rows = [{"id": f"a{n}", "subreddit": "Pics" if wanted(n) else "other", "title": f"t {n}"} for n in range(count)]
    return b"\n".join(json.dumps(row).encode() for row in rows)


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("wanted", [lambda n: n % 100 == 0, lambda n: n % 100 != 0, lambda n: n // 50 % 2 == 0])
def test_blocks_of_which_few_or_most_are_wanted_give_the_same(
    tmp_path: Path, wanted: Callable[[int], bool], threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_threads", lambda _: threads)
    data = _many(400, wanted)
    assert same(both_ways(submissions, tmp_path, data))


def test_lines_out_of_scope_are_not_decoded_and_malformed_ones_among_them_are_rejects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[bytes] = []
    out = b'{"id": "a1", "subreddit": "other"}'
    odd, wanted, cut = (
        b'{"id": "a2", "subreddit": "other", "score": []}',
        b'{"id": "a3", "subreddit": "pics"}',
        b'{"id": "a4", "subreddit": "other"',
    )
    decode = archive.decode_lines
    monkeypatch.setattr(archive, "decode_lines", lambda data, kind: decoded.append(data) or decode(data, kind))
    [chunk], _ = both_ways(
        lambda file: read_submissions(file, {"pics"}), tmp_path, b"\n".join([out, out, out, odd, wanted, cut, b""])
    )
    assert decoded[0] == b"\n".join([odd, wanted, cut])
    assert (chunk.rows_in, dict(chunk.skipped)) == (6, {Reason.OTHER_SUBREDDIT: 3})
    assert chunk.table.column("line").to_pylist() == [5]
    found = chunk.rejects.select(["reason", "line"]).to_pylist()
    assert found == [{"reason": "wrong_type", "line": 4}, {"reason": "not_json", "line": 6}]
