"""The rule of SHP on real comments: the same pairs as a query in SQL, written from SHP's card, finds in DuckDB."""

import math
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.pipelines.conftest import run_build

pytestmark = pytest.mark.shared

_RECIPE = """
name: shp
sources:
  reddit: {{submissions: ["{data}/reddit/RS_*"], comments: ["{data}/reddit/RC_*"]}}
preferences:
  comments:
    {{max_pairs: null, max_comments: 1000, min_score: {score}, min_post_score: {post_score}, min_ratio: {ratio}}}
output: {{shards: 2}}
"""
#: SHP's card: A is preferred to B if A was not written before B and has the higher score; both are comments on the post
#: itself, neither by a deleted user, a moderator or who posted it; with lowest scores of comments and posts.
_QUERY = """
SELECT a.comment_id, b.comment_id
FROM read_parquet('{run}/comments/*.parquet') a
JOIN read_parquet('{run}/comments/*.parquet') b ON a.post_id = b.post_id
JOIN read_parquet('{run}/posts/*.parquet') p ON p.post_id = a.post_id
WHERE p.post_id IN (SELECT UNNEST(audiences).post_id FROM read_parquet('{run}/samples/*.parquet'))
  AND a.posted_at >= b.posted_at AND a.score > b.score AND a.score >= {ratio} * b.score
  AND ({ratio} = 1 OR b.score > 0)
  AND a.parent_id IS NULL AND b.parent_id IS NULL
  AND NOT (a.deleted OR a.removed OR b.deleted OR b.removed)
  AND NOT COALESCE(a.by_poster, false) AND NOT COALESCE(b.by_poster, false)
  AND a.distinguished IS NULL AND b.distinguished IS NULL
  AND LEAST(a.score, b.score) >= {score} AND p.score >= {post_score}
  AND regexp_matches(a.text, '\\S') AND regexp_matches(b.text, '\\S')
  AND lower(trim(regexp_replace(a.text, '\\s+', ' ', 'g'))) <> lower(trim(regexp_replace(b.text, '\\s+', ' ', 'g')))
"""


@pytest.mark.long
@pytest.mark.parametrize(("score", "post_score", "ratio"), [(-1000, -1000, 1), (2, 10, 1), (2, 10, 2)])
def test_the_pairs_are_those_of_a_query(
    shared_data: Path, tmp_path: Path, score: int, post_score: int, ratio: int
) -> None:
    numbers = {"score": score, "post_score": post_score, "ratio": ratio}
    (tmp_path / "recipe.yaml").write_text(_RECIPE.format(data=shared_data, **numbers))
    run_build(tmp_path / "recipe.yaml", tmp_path / "run")
    found = [
        (row["preferred"]["record_id"], row["other"]["record_id"])
        for path in (tmp_path / "run" / "instructions" / "preferences").glob("*.parquet")
        for row in pq.read_table(path, columns=["preferred", "other"]).to_pylist()
    ]
    expected = duckdb.sql(_QUERY.format(run=tmp_path / "run", **numbers)).fetchall()
    assert sorted(found) == sorted(expected)
    assert len(found) > math.isclose(ratio, 1)
