"""Rules applied to the posts of a shard and to their comments, with the account of what happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from blift.schemas.parts import MediaKind
from blift.schemas.platform import Platform, platforms
from blift.schemas.reasons import Reason
from blift.transforms.accounting import Tally
from blift.transforms.platforms import are_media, belongs_to
from blift.transforms.post_language import ADDED, LANGUAGE, ONLY_WHILE_JUDGED, OUTSIDE, with_comments, with_language
from blift.transforms.rules.python_file import RuleFile
from blift.transforms.rules.registry import Check, RecordKind, Rule, Verdict, apply_rules, checks

#: Options of rules, by name of the platform.
ByPlatform = Mapping[str, Mapping[str, Any]]

#: Reasons that also say that the record tells nothing reliable of the media.
_NO_FACTS = (Reason.DELETED, Reason.REMOVED, Reason.UNAVAILABLE, Reason.LIVE)


@dataclass(frozen=True)
class RuleBook:
    """The rules that a recipe turns on, by record and name of the platform.

    Attributes:
        shown: platforms whose rules are counted even where none of their records came.
    """

    rules: Mapping[tuple[RecordKind, str], Sequence[tuple[Rule, Check]]]
    shown: Collection[str]

    @classmethod
    def of(
        cls, posts: ByPlatform, comments: ByPlatform, shown: Collection[str], python: RuleFile | None = None
    ) -> RuleBook:
        """The rule book for options by platform; ``python`` has rules of the recipe's own."""
        known, own = platforms(), python.rules if python else ()
        rules = {
            (record, name): checks(record, known[name], options, own=own)
            for record, by_platform in ((RecordKind.POST, posts), (RecordKind.COMMENT, comments))
            for name, options in by_platform.items()
        }
        return cls(rules, shown)

    def judge(self, rows: pl.DataFrame, record: RecordKind, tally: Tally) -> Verdict:
        """Apply the rules of each platform to its rows, and count every rule."""
        verdicts = []
        for name, platform in platforms().items():
            own = rows.filter(belongs_to(platform))
            if not own.height and name not in self.shown:
                continue
            verdict = apply_rules(own, self.rules[(record, name)])
            count_steps(verdict, f"{record.value}", platform, tally)
            verdicts.append(verdict)
        if not verdicts:
            return apply_rules(rows, [])
        return Verdict(
            kept=pl.concat([verdict.kept for verdict in verdicts], how="diagonal"),
            rejected=pl.concat([verdict.rejected for verdict in verdicts], how="diagonal"),
            steps=[step for verdict in verdicts for step in verdict.steps],
        )


def count_steps(verdict: Verdict, table: str, platform: Platform | None, tally: Tally) -> None:
    """Count every rule of a verdict, in the order in which they ran."""
    whose = f"{platform.name} " if platform else ""
    for place, (rule, rows_in, rows_lost) in enumerate(verdict.steps, start=1):
        tally.step(place, rule.name, f"{whose}{table}", rows_in, {rule.reason: rows_lost})


@dataclass(frozen=True)
class JudgedPosts:
    """Posts after the rules.

    Attributes:
        kept: posts that broke no rule, ``judged`` true; and records of media that broke one, ``judged`` false,
            which may still tell duration and replay graph of a video that somebody posted elsewhere.
        rejected: posts that broke a rule, with ``rule``, ``reason``, ``detail``.
    """

    kept: pl.DataFrame
    rejected: pl.DataFrame

    def with_languages(self) -> JudgedPosts:
        """The same, with the languages of judged posts where no rule has looked for them."""
        unseen = self.kept["judged"] & self.kept[LANGUAGE].is_null() & self.kept[OUTSIDE].is_null()
        kept = pl.concat([self.kept.filter(~unseen), with_language(self.kept.filter(unseen))], how="diagonal")
        return JudgedPosts(kept, self.rejected)

    def with_united_media(self, same: pl.DataFrame) -> JudgedPosts:
        """The same, with posts of media that show the same under one media key; ``own_media`` says whose it is.

        Galleries keep theirs.

        Args:
            same: ``media_key`` and the ``unite_as`` that takes its place.
        """
        names = self.kept.columns
        joined = self.kept.join(same.unique(), on="media_key", how="left", maintain_order="left")
        single = pl.col("media_kind") != MediaKind.GALLERY.value
        key = pl.when(single).then(pl.coalesce("unite_as", "media_key")).otherwise("media_key")
        united = joined.with_columns(media_key=key, own_media=pl.col("media_key") == key)
        return JudgedPosts(united.select(*names, "own_media"), self.rejected)


def judge_posts(
    posts: pl.DataFrame, rules: RuleBook, tally: Tally, comments: pl.DataFrame | None = None
) -> JudgedPosts:
    """Apply the rules for posts; add ``judged`` and, where no rule did, empty columns for the language.

    Args:
        comments: on these posts; they can tell the language of a post whose title does not.
    """
    verdict = rules.judge(posts if comments is None else with_comments(posts, comments), RecordKind.POST, tally)
    kept = verdict.kept.with_columns(judged=pl.lit(value=True))
    facts = verdict.rejected.filter(
        are_media()
        & pl.col("media_key").is_not_null()
        & ~pl.col("reason").is_in([reason.value for reason in _NO_FACTS])
    ).with_columns(judged=pl.lit(value=False))
    both = pl.concat([kept, facts.drop("rule", "reason", "detail")], how="diagonal")
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in ADDED.items() if name not in both.columns]
    return JudgedPosts(both.with_columns(absent), verdict.rejected.drop(ONLY_WHILE_JUDGED, strict=False))


def judge_comments(comments: pl.DataFrame, posts: JudgedPosts, rules: RuleBook, tally: Tally) -> Verdict:
    """Comments of kept posts that break no rule, with ``media_key``."""
    of_kept = posts.kept.filter("judged").select("post_id", "media_key")
    joined = comments.join(of_kept, on="post_id", how="left", maintain_order="left")
    orphaned = joined.filter(pl.col("media_key").is_null())
    verdict = rules.judge(joined.filter(pl.col("media_key").is_not_null()), RecordKind.COMMENT, tally)
    of_rejected = orphaned.with_columns(
        rule=pl.lit("post_kept"),
        reason=pl.lit(Reason.POST_REJECTED.value),
        detail=pl.col("post_id"),
    )
    for platform in platforms().values():
        own = belongs_to(platform)
        lost, before = orphaned.filter(own).height, joined.filter(own).height
        if not before:
            continue
        tally.step(0, "post_kept", f"{platform.name} comment", before, {Reason.POST_REJECTED: lost})
    return Verdict(verdict.kept, pl.concat([of_rejected, verdict.rejected], how="diagonal"), verdict.steps)


def judge_samples(samples: pl.DataFrame, rules: Sequence[tuple[Rule, Check]], tally: Tally) -> Verdict:
    """Apply the rules for samples."""
    verdict = apply_rules(samples, rules)
    count_steps(verdict, "sample", None, tally)
    return verdict
