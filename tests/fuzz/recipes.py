"""Recipes: every section's keys, with values and text that are others."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from blift.pipelines.recipe.file import load_recipe
from blift.schemas.errors import RecipeError
from tests.fuzz.kind import Check, Kind, require
from tests.fuzz.mutate import HOSTILE, TOKENS, mutated, spoiled

#: Characters of all that is said on a recipe; its path is short.
_SHORT = 30_000
_RECIPE: dict[str, Any] = {
    "name": "mine",
    "description": "words",
    "sources": {
        "reddit": {"submissions": ["RS_*.zst"], "comments": ["RC_*"], "collections": ["coll"],
                   "scope": {"subreddits": ["pics"], "posted_from": "2018-01-01", "posted_before": "2022-02-01",
                             "subreddit_posted_from": {"pics": "2019-01-01"}}},
        "youtube": {"info": ["yt/*.info.json"], "scope": {"posted_from": "2018-01-01"}},
        "yt_dlp": {"info": ["vimeo/*.info.json"], "scope": {"ids": "ids.txt"}},
        "bluesky": {"posts": ["posts.jsonl"], "replies": ["replies.jsonl"], "scope": {"posted_before": "2025-01-01"}},
        "hub": {"repo": "owner/published", "revision": "v1.0.0"},
        "annotations": ["memorability.parquet"],
    },
    "fetch": {"folder": "coll", "contact": "me@example.org", "reddit": {"listings": ["pics/new"], "ids": ["ids.txt"],
                "requests_per_minute": 60, "comments": {"per_post": 5}, "media": {"hosts": ["reddit"]}},
                "youtube": {"ids": ["ids.txt"], "subtitles": ["en"], "footage": {"max_height": 360}},
                "wikidata": {"languages": ["en"], "limit": 5}, "web": {"connections": 4, "max_bytes": 1_000_000}},
    "media": {"files": ["pictures/*"], "cuts": {"min_frames": 5, "threshold": 30}, "near_duplicates": {"share": 0.3},
              "store": "store", "hashes": ["dhash", "colorhash"], "keyframes": {"side": 256, "images": True},
              "limits": {"max_bytes": 1_000_000, "timeout_s": 60.0}, "frames": "sparse", "samples_per_s": 1.5},
    "curate": {
        "reddit": {"posts": {"deleted": True, "nsfw_words": "words.txt", "languages": ["en"],
        "image_hosts": ["reddit"]},
                   "comments": {"min_words": 3, "bot_names": True}, "choose": {"near_duplicates": 0.6, "top": 5}},
        "youtube": {"posts": {"views_above": 10_000, "channels": "words.txt", "categories_out": ["Music"]},
                    "comments": {"max_words": 100}, "choose": {"top": 5}},
        "samples": {"min_comments": 2, "max_duration_s": 500, "video_record": True},
        "scenes": {"segments": 5, "longer_than_s": 2.0},
        "sample": {"n": 100, "seed": 3},
    },
    "instruct": {"templates": ["full", "likes-only"], "splits": {"validation": 0.1, "test": 0.1}, "media": "required",
                 "min_comment_score": 1, "frames": 8, "frames_at": "scenes"},
    "preferences": {"comments": {"min_ratio": 1.5, "max_pairs": 5, "min_score": 3, "max_apart_hours": 24.0},
                    "titles": {"days": 10.0, "later": True},
                    "posts": {"measure": "likes", "min_difference": 5, "min_age_hours": 48.0}},
    "stats": {"tables": ["samples"], "against": "owner/name@v1.0.0",
              "limits": [{"table": "samples", "column": "score", "max_missing": 0.5, "min_mean": 1.0},
                         {"column": "comments.score", "max_jensen_shannon": 0.1}]},
    "rejects": {"payload": "all", "out_of_scope": True, "max_malformed": 0.2},
    "output": {"shards": 2, "keep": 3},
    "card": {"title": "Mine", "summary": "words", "license": "cc-by-4.0", "language": ["en"]},
    "publish": {"repo": "owner/name", "private": True, "space": "owner/page", "gated": "manual", "tag": "v1.2.0",
                "configs": ["samples"], "media": "embedded", "media_files": "keyframes"},
}  # fmt: skip
#: Stands for half of a surrogate pair, which the writer of YAML refuses.
_HALF_A_PAIR = "half-a-surrogate-pair"
_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 1e308, float("nan"), float("inf"), 10**30, "", " ", "x" * 5_000, "\x00", "\x1b[31m",
    "\u202e",
    _HALF_A_PAIR, "..", "../../../etc/passwd", "/dev/zero", "/dev/stdin", "/", ".", "~", "gs://bucket/x",
    "file:///etc/passwd",
    "http://user:password@host/", "hf_" + "a" * 30, "*", "**/*", "[", "{}", "{{ media }}", "words.txt", "pics/new",
    [], {},
    [[]], [None], [{}], ["x"] * 300, {"x": {"y": {}}}, {"": 1}, {1: 2}, {None: None}, {True: 1},
)  # fmt: skip
_TOKENS = (
    *TOKENS, b"\n- ", b"\n  ", b"\t", b": ", b"? ", b"&a ", b"*a", b"!!int ", b"!!python/object:os.system ", b"!x ",
    b"<<: ", b"|\n", b">\n", b"---\n", b"...\n", b"%YAML 9.9\n", b"#", b"'", b"2024-02-30", b"1:1:1", b"0x_", b"0b_",
    b"[" * 60, b"{a: " * 40, b"- " * 60, b"\xc2\x85", b"\xe2\x80\xa8", b"!!binary aGk=", b"!!set {a}", b"~", b"=",
    *(value.encode() for value in HOSTILE if len(value) < 100),
)  # fmt: skip
_TEXT = yaml.safe_dump(_RECIPE, sort_keys=False).encode()


def make(chance: random.Random) -> bytes:
    """The content of a recipe file."""
    if chance.random() < 0.5:
        return mutated(_TEXT, chance, _TOKENS)
    part = {name: section for name, section in _RECIPE.items() if name in ("name", "sources") or chance.random() < 0.4}
    changed = spoiled(part, chance, _VALUES)
    content = yaml.dump(changed, Dumper=_Dumper, sort_keys=False, allow_unicode=True, encoding="utf-8")
    return bytes(content).replace(_HALF_A_PAIR.encode(), "\ud83d".encode("utf-8", "surrogatepass"))


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


@contextmanager
def start(folder: Path) -> Iterator[Check]:
    """Loads each from a folder in which there are the lists that it names."""
    path = folder / "mine.yaml"
    (folder / "ids.txt").write_text("abc1\nabcdefghijk\n")
    (folder / "words.txt").write_text("one\ntwo\n")

    def check(content: bytes) -> str:
        path.write_bytes(content)
        try:
            load_recipe(str(path))
        except RecipeError as error:
            said = str(error)
            require(0 < len(said) < _SHORT, f"{len(said)} characters are said")
            require(all(line.isprintable() for line in said.split("\n")), f"{said!r} is not printable")
            require(str(path) in said, f"{said:.200} does not name the file")
            return "refused"
        return "accepted"

    require(check(_TEXT) == "accepted", "the recipe that all others are made of is refused")
    yield check


KIND = Kind("recipes", large=100_000, small=120, make=make, start=start)
