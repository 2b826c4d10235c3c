"""The parallel steps of blift as composite transforms of Apache Beam, for pipelines of your own.

The stages of blift are made of the same transforms. Elements are ``pyarrow.Table`` of thousands of rows; a table in
shards is ``(shard, table)``; the shard is a hash of an id. Each transform that counts rows gives ``tallies``, and
each that leaves rows out gives ``rejects``, tables of `reject` with a reason for every row. See docs/beam.md.

This module imports Apache Beam; ``import blift`` does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blift.connectors.files import match
from blift.connectors.registry import connectors
from blift.pipelines.engine.pipeline import WriteRejects, WriteShards
from blift.pipelines.stages.ingest.inputs import with_beside
from blift.pipelines.stages.ingest.pipeline import Ingested, ReadArchives
from blift.pipelines.stages.ingest.scope import IngestConfig
from blift.pipelines.stages.ingest.units import IngestInputs
from blift.schemas.errors import InputError, did_you_mean
from blift.transforms.preferences.options import CommentOptions, Margins, PostOptions, PreferenceOptions, TitleOptions
from blift.transforms.preferences.shown import show_media
from blift.transforms.reactions import Lags
from blift.transforms.selection import Selection
from blift.transforms.steps.draw import DrawSamples
from blift.transforms.steps.observations import KeepLatest, Latest
from blift.transforms.steps.popularity import RankPopularity
from blift.transforms.steps.preferences import COMMENT_COLUMNS as PREFERENCE_COLUMNS
from blift.transforms.steps.preferences import MakePreferences, PreferenceParts, Preferences
from blift.transforms.steps.rules import ApplyRules, Judged, PairByShard, PostsWithComments, RuleOptions
from blift.transforms.steps.samples import MakeSamples, MediaParts, SampleOptions, Samples
from blift.transforms.steps.splits import AssignSplits

__all__ = [
    "PREFERENCE_COLUMNS",
    "ApplyRules",
    "AssignSplits",
    "CommentOptions",
    "DrawSamples",
    "Ingested",
    "Judged",
    "KeepLatest",
    "Lags",
    "Latest",
    "MakePreferences",
    "MakeSamples",
    "Margins",
    "MediaParts",
    "PairByShard",
    "PostOptions",
    "PostsWithComments",
    "PreferenceOptions",
    "PreferenceParts",
    "Preferences",
    "RankPopularity",
    "ReadArchives",
    "RuleOptions",
    "SampleOptions",
    "Samples",
    "Selection",
    "TitleOptions",
    "WriteRejects",
    "WriteShards",
    "read_archives",
    "show_media",
]


def read_archives(
    files: Mapping[str, Mapping[str, Sequence[str]]],
    shards: int,
    scopes: Mapping[str, Mapping[str, Any]] | None = None,
    author_key: bytes | None = None,
) -> ReadArchives:
    """The transform that reads archive files.

    Args:
        files: by name of the platform and kind of archive, paths or globs, as in `sources` of a recipe:
            ``{"reddit": {"submissions": ["archives/RS_*"], "comments": ["archives/RC_*"]}}``.
        shards: into how many tables posts, and comments, are divided. One table is in memory as a whole.
        scopes: by name of the platform, which posts to keep, as in `scope` of a recipe.
        author_key: secret under which the names of authors are hashed; without it the column is null.

    Raises:
        InputError: there is no such platform or kind of archive, or a pattern matches nothing.
    """
    named = []
    for platform, kinds in files.items():
        _known(platform, list(connectors()), "platform")
        connector = connectors()[platform]
        for kind, patterns in kinds.items():
            _known(kind, [archive.key for archive in connector.archives], f"archive of {platform}")
            named.append(with_beside(connector, connector.archive(kind), match(patterns)))
    inputs = IngestInputs(
        posts=[unit for found in named if found.archive.posts for unit in found.units()],
        comments=[unit for found in named if found.archive.comments for unit in found.units()],
    )
    config = IngestConfig(
        folder="",
        shards=shards,
        scopes=scopes or {},
        withdrawn={},
        author_key=author_key,
        malformed_payload=True,
        max_malformed=1.0,
        reject_payload=False,
        reject_out_of_scope=False,
        limit=None,
    )
    return ReadArchives(inputs, config)


def _known(name: str, names: Sequence[str], what: str) -> None:
    if name not in names:
        hint = did_you_mean(name, names) or "."
        raise InputError(f"There is no {what} {name!r}{hint} There are: {', '.join(names)}.")
