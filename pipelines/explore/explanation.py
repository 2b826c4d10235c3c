"""What is said of one record: where it was read, what rules saw, what it was merged with, where it ended."""

from __future__ import annotations

from dataclasses import dataclass

from blift.pipelines.explore.rules_seen import RuleSeen


@dataclass(frozen=True)
class ReadFrom:
    """Where an observation was read.

    Attributes:
        record_id: of the post or comment.
        source: the file, relative to the recipe's pattern.
        line: 1 first; None where a file holds one record.
        retrieved_at: when its numbers were read, ISO 8601; None where the archive does not say it.
        shown: it is the observation that the row of the post or comment has.
    """

    record_id: str
    source: str | None
    line: int | None
    retrieved_at: str | None
    shown: bool


@dataclass(frozen=True)
class Member:
    """A post of a sample, the file of its media, and what joined that to the sample's."""

    post_id: str
    media_key: str | None
    file: str | None
    joined_by: str


@dataclass(frozen=True)
class MergedInto:
    """The sample of a record.

    Attributes:
        representative: digest of the file that stands for a cluster of near-duplicates; None where there is no cluster.
        in_dataset: false where a rule rejected the sample.
        members: its posts; of a sample that was rejected, those whose media key it has.
    """

    sample_id: str
    media_key: str
    representative: str | None
    in_dataset: bool
    members: list[Member]

    @property
    def post_ids(self) -> list[str]:
        """The ids of its posts."""
        return [member.post_id for member in self.members]


@dataclass(frozen=True)
class PairMade:
    """A pair: its table, its id, its split."""

    table: str
    id: str
    split: str


@dataclass(frozen=True)
class RejectTold:
    """A reject of the record, or of the sample that it is a part of."""

    stage: str
    rule: str
    reason: str
    record_table: str
    record_id: str | None
    detail: str | None
    source: str | None
    line: int | None


@dataclass(frozen=True)
class Explanation:
    """What became of one record.

    Attributes:
        record: post, comment, sample or pair, or what a reject calls it. ``id``: its own.
        kept: it is in the dataset: in a sample, or in a table of pairs.
        ended: the same as a sentence.
        title: of the post, of the sample, or the beginning of the comment.
        read_from: of a sample and of a pair, where its posts were read.
        merged: None where no sample was made of it.
        pairs: of the sample; those in which the record itself is compared, and others of its sample.
        rejects: of the record, and of its sample and their pairs.
    """

    record: str
    id: str
    kept: bool
    ended: str
    title: str | None
    read_from: list[ReadFrom]
    rules: list[RuleSeen]
    merged: MergedInto | None
    pairs: list[PairMade]
    rejects: list[RejectTold]
