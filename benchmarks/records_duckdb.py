"""The rules of records.yaml as one hand-written DuckDB script: the yardstick of benchmarks/records.py."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

_SCRIPT = r"""
SET threads = 2;
CREATE TEMP TABLE posts AS
WITH raw AS (
    SELECT id, author, title, url, subreddit, score, num_comments, created_utc, retrieved_on
    FROM read_json(
        '{folder}/RS.ndjson', format = 'newline_delimited', columns = {{
            id: 'VARCHAR', author: 'VARCHAR', title: 'VARCHAR', url: 'VARCHAR', subreddit: 'VARCHAR', score: 'BIGINT',
            num_comments: 'BIGINT', created_utc: 'BIGINT', retrieved_on: 'BIGINT', over_18: 'BOOLEAN',
            removed_by_category: 'VARCHAR'
        }})
    WHERE lower(subreddit) IN ('pics', 'videos') AND author <> '[deleted]' AND removed_by_category IS NULL
      AND NOT over_18 AND lower(author) NOT LIKE '%bot'
), keyed AS (
    SELECT *, CASE
        WHEN url LIKE 'https://www.youtube.com/watch?v=%'
            THEN 'youtube:' || regexp_extract(url, 'v=([A-Za-z0-9_-]{{11}})', 1)
        WHEN url LIKE 'https://i.redd.it/%' THEN 'reddit-image:' || regexp_extract(url, 'redd\.it/(\w+)', 1)
    END AS media_key
    FROM raw
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY retrieved_on DESC) = 1
)
SELECT * FROM keyed WHERE media_key IS NOT NULL;

CREATE TEMP TABLE chosen AS
SELECT p.media_key, c.id, c.body, c.score
FROM read_json(
    '{folder}/RC.ndjson', format = 'newline_delimited', columns = {{
        id: 'VARCHAR', author: 'VARCHAR', body: 'VARCHAR', link_id: 'VARCHAR', score: 'BIGINT', retrieved_on: 'BIGINT'
    }}) c
JOIN posts p ON c.link_id = 't3_' || p.id
WHERE c.body NOT IN ('[deleted]', '[removed]') AND c.author <> '[deleted]' AND lower(c.author) NOT LIKE '%bot'
  AND c.author <> 'AutoModerator' AND len(regexp_extract_all(c.body, '\S+')) >= 3
QUALIFY row_number() OVER (PARTITION BY p.media_key ORDER BY c.score DESC, c.id) <= 5;

COPY (
    SELECT media_key, any_value(p.title ORDER BY p.score DESC) AS title, max(p.score) AS score,
           sum(p.num_comments) AS num_comments, any_value(c.comments) AS comments
    FROM posts p JOIN (
        SELECT media_key, list({{id: id, text: body, score: score}} ORDER BY score DESC, id) AS comments
        FROM chosen GROUP BY media_key HAVING count(*) >= 2
    ) c USING (media_key)
    GROUP BY media_key ORDER BY media_key
) TO '{out}' (FORMAT parquet, COMPRESSION zstd);
"""


def main() -> None:
    """`records_duckdb.py ARCHIVE_FOLDER OUT.parquet`."""
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    duckdb.connect().execute(_SCRIPT.format(folder=folder, out=out))


if __name__ == "__main__":
    main()
