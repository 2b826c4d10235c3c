"""The card of a published dataset: front matter for the Hub and `datasets`, and the account for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from blift.pipelines.engine.card_parts import CITATION, code, size_category
from blift.pipelines.engine.funnel import cell, markdown_funnel
from blift.pipelines.stages.publish.edition import HUB, Edition, Facts
from blift.pipelines.stages.publish.features import features
from blift.pipelines.stages.release.layout import BESIDE, EMBEDDED
from blift.schemas.export import markdown
from blift.schemas.printable import printable_lines
from blift.schemas.records import RECORDS
from blift.schemas.registry import SCHEMAS
from blift.transforms.rules.registry import all_rules

PICTURE = "funnel.svg"
#: What one row is, by table, in the words of the record classes.
ONE_ROW = {
    "post": "One post, at its latest observation",
    "comment": "One comment, at its latest observation",
    "media": "One file of media",
    "sample": "One media item with the behaviour of everybody who received it",
    "instruction": "An instruction pair in LLaVA's shape",
    "chat": "The same pair as chat messages",
    "blift": "One sample as the BLIFT dataset of the paper publishes it",
    "reject": "One rejected record",
    "media_file": "One file of media, beside the table that names it",
    "media_image": "One image, within the table",
    "media_video": "One video, within the table",
}
#: Sources that the card lists one by one.
_LISTED = 50


def published_card(facts: Facts, edition: Edition) -> str:
    """README.md of a published dataset."""
    front = yaml.safe_dump(_front_matter(facts), sort_keys=False, allow_unicode=True)
    return printable_lines(f"---\n{front}---\n\n" + "\n".join(_sections(facts, edition)) + "\n")


def _front_matter(facts: Facts) -> dict[str, Any]:
    rows = sum(split.rows for split in facts.configs["samples"])
    licence: dict[str, Any] = {"license": facts.card.license}
    if facts.card.license == "other":
        licence["license_name"] = "see-card"
        licence["license_link"] = f"{HUB}/datasets/{facts.repo}#licence-and-terms"
    return {
        "pretty_name": facts.card.title,
        **licence,
        "language": facts.card.language,
        "task_categories": ["visual-question-answering", "image-to-text", "video-text-to-text"],
        "size_categories": [size_category(rows)],
        "tags": ["blift", "human-behavior"],
        "configs": [
            {
                "config_name": name,
                **({"default": True} if not place else {}),
                "data_files": [{"split": split.name, "path": split.pattern} for split in splits],
            }
            for place, (name, splits) in enumerate(facts.configs.items())
        ],
        "dataset_info": [_info(name, facts) for name in facts.configs],
    }


def _info(config: str, facts: Facts) -> dict[str, Any]:
    """Features and sizes of a configuration; sizes are those of the files."""
    splits = facts.configs[config]
    size = sum(split.size_bytes for split in splits)
    return {
        "config_name": config,
        "features": features(SCHEMAS[facts.tables[config]]),
        "splits": [{"name": split.name, "num_bytes": split.size_bytes, "num_examples": split.rows} for split in splits],
        "download_size": size,
        "dataset_size": size,
    }


def _sections(facts: Facts, edition: Edition) -> Iterator[str]:
    yield f"# {facts.card.title}\n"
    if facts.card.summary:
        yield f"{facts.card.summary.strip()}\n"
    yield _WHAT
    yield "## Load it\n"
    yield (
        "```python\nfrom datasets import load_dataset\n\n"
        f'samples = load_dataset("{facts.repo}", "samples", split="train", revision="{edition.version}")\n```\n'
    )
    yield "## What is in it\n"
    yield "| config | split | rows | files | bytes | one row is |\n|---|---|--:|--:|--:|---|"
    yield from _counts(facts)
    yield (
        "\n`blift` has exactly the columns of the BLIFT dataset of the paper: url, permalink, comments, num_comments, "
        "subreddit, title. Rejects are listed without the records themselves. Media are named by address and digest.\n"
    )
    yield from _media(facts, edition)
    yield f"## What changed in {edition.version}\n"
    yield describe(edition) + "\n"
    yield "## How it came about\n"
    yield f"Recipe {code(facts.manifest.recipe)} ([recipe.yaml](recipe.yaml)), blift {facts.manifest.blift}.\n"
    yield "### Sources\n"
    yield from _sources(facts)
    yield f"### What every step kept and left out\n\n![What every step kept and left out]({PICTURE})\n"
    yield markdown_funnel(facts.funnel) + "\n"
    yield "### What was filtered, and why\n"
    yield from _reasons(facts)
    yield _SPLITS
    yield from _people(facts)
    yield _USE
    yield _LICENCE
    yield from _rebuild(facts, edition)
    yield "## Features\n"
    for name, table in facts.tables.items():
        yield f"### `{name}`\n\n{markdown(RECORDS[table])}\n"
    yield CITATION


def _counts(facts: Facts) -> Iterator[str]:
    for name, splits in facts.configs.items():
        what = ONE_ROW[facts.tables[name]]
        for split in splits:
            yield f"| `{name}` | {split.name} | {split.rows:,} | {split.files} | {split.size_bytes:,} | {what} |"


def describe(edition: Edition) -> str:
    """What an edition changes, as Markdown, for the card and for the commit."""
    if edition.previous is None:
        return "The first version."
    lines = [f"- {sentence}" for sentence in edition.changed.schemas]
    lines += [
        f"- `{config}`: {rows.added:,} rows added, {rows.removed:,} removed, {rows.changed:,} changed"
        for config, rows in edition.changed.rows.items()
        if rows.any
    ]
    if not lines:
        return f"Since {edition.previous} only the card or the recipe changed."
    return "\n".join([f"Since {edition.previous}:\n", *lines])


def _sources(facts: Facts) -> Iterator[str]:
    yield "| platform | samples posted from | to | samples |\n|---|---|---|--:|"
    for platform, months in sorted(facts.posted.items()):
        known = sorted(month for month in months if month != "unknown") or ["unknown"]
        yield f"| {cell(platform)} | {known[0]} | {known[-1]} | {sum(months.values()):,} |"
    files: Any = facts.inputs.get("files", [])
    yield "\n| file | bytes |\n|---|--:|"
    for name, size, *_ in files[:_LISTED]:
        yield f"| {code(name)} | {size:,} |"
    if len(files) > _LISTED:
        yield f"| and {len(files) - _LISTED} more | {sum(file[1] for file in files[_LISTED:]):,} |"
    yield ""


def _reasons(facts: Facts) -> Iterator[str]:
    lost: Counter[tuple[str, str]] = Counter()
    for row in facts.funnel:
        for reason, rows in row.rejected.items():
            lost[(row.step, reason)] += rows
    why = {rule.name: " ".join(rule.doc.split()).partition(". ")[0].rstrip(".") for rule in all_rules()}
    yield "| rule | reason | records | the rule |\n|---|---|--:|---|"
    for (step, reason), rows in lost.most_common():
        yield f"| {code(step)} | {cell(reason)} | {rows:,} | {why.get(step, '')} |"
    yield ""


def _people(facts: Facts) -> Iterator[str]:
    yield "## Personal data and opt-out\n"
    yield _PEOPLE
    yield "| config | e-mail addresses | phone numbers | mentions of users |\n|---|--:|--:|--:|"
    for config, found in facts.replaced.items():
        yield f"| `{config}` | {_count(found, 'email')} | {_count(found, 'phone')} | {_count(found, 'user')} |"
    yield from _bared(facts)
    yield (
        f"\n**Opt-out.** Whoever wrote or posted something here can have it taken out: [open a discussion]"
        f"({HUB}/datasets/{facts.repo}/discussions) with its permalink, or write to the owner of this dataset. It is "
        "absent from the next version. What is deleted on its platform is absent as soon as the dataset is rebuilt "
        "from fresh archives.\n"
    )


def _media(facts: Facts, edition: Edition) -> Iterator[str]:
    """The configurations of published media, and how to load them."""
    for name, folder, _ in BESIDE:
        if name in facts.configs:
            yield (
                f"`{name}` names the files under `{folder}/`; with the files themselves:\n\n```python\n"
                f'load_dataset("{facts.repo}", data_dir="{folder}", split="train", revision="{edition.version}")\n```\n'
            )
    for name, _, _ in EMBEDDED:
        if name in facts.configs:
            yield f"`{name}` holds the files themselves.\n"


def _bared(facts: Facts) -> Iterator[str]:
    """What was taken out of published media, and how many stayed at home."""
    names = [name for name, *_ in (*BESIDE, *EMBEDDED) if name in facts.configs]
    if not names:
        return
    yield _MEDIA_PEOPLE
    yield "| config | files with metadata | of them with a location | not published |\n|---|--:|--:|---|"
    for name in names:
        found, kept_back = facts.bared.get(name, {}), facts.withheld.get(name, {})
        why = ", ".join(f"{cell(reason)} {count:,}" for reason, count in kept_back.items()) or "none"
        yield f"| `{name}` | {_count(found, 'metadata')} | {_count(found, 'location')} | {why} |"


def _count(found: Mapping[str, int], kind: str) -> str:
    return f"{found.get(kind, 0):,}"


def _rebuild(facts: Facts, edition: Edition) -> Iterator[str]:
    yield "## Rebuild it\n"
    yield (
        "```console\n"
        f"$ pip install blift=={facts.manifest.blift}\n"
        f"$ hf download {facts.repo} recipe.yaml --repo-type dataset --revision {edition.version} --local-dir .\n"
        "$ blift build recipe.yaml --out run\n```\n"
    )
    yield (
        f"The same archives give the fingerprint `{facts.manifest.fingerprint}`. `manifest.json` has the digest of "
        "every file, `schemas/` the tables, `digests/` 16 bytes a row by which versions are compared "
        f"(`blift diff {facts.repo}@v1.0.0 {facts.repo}@{edition.version}`).\n"
    )


_WHAT = (
    "How people received what other people posted: media with its likes, comments and replay graph, and instruction "
    "pairs made of them, in the format of BLIFT (Singh et al., *Teaching Human Behavior Improves Content Understanding "
    "Abilities Of VLMs*, ICLR 2025, arXiv 2405.00942).\n"
)
_SPLITS = """\
## Splits

Instruction pairs are split by a hash of the channel or of the cluster of near-duplicate media, so that neither stands
in two splits, and a sample never moves when others are added. Samples and rejects have one split, `train`.
"""
_PEOPLE = """\
Names of authors are in no column; where an author column has values they are keyed hashes, and the key is not
published. E-mail addresses, phone numbers and mentions of users in texts and addresses were replaced by rule, as
counted below. Posts and comments that were deleted or removed are absent. A rule does not find everything: texts are
as people wrote them, may still name persons, and may be rude or wrong.
"""
_MEDIA_PEOPLE = """
Of the published media files, EXIF, XMP, IPTC, comments, thumbnails and, in videos, everything but pictures and sound
were taken out; no pixel was changed. What they show was not: faces, voices, names and number plates may be in them.
"""
_USE = """\
## Intended use

Research on how content is received: behaviour and content simulation, content understanding, evaluation of models
that describe media. It is not meant for profiling people, for finding out who wrote something, or for moderation
decisions.

**Bias.** The audiences of the platforms are not the population; popular posts are seen more and so liked more; the
filters above shape what is left.
"""
_LICENCE = """\
## Licence and terms

The licence named above is that of the compilation. Posts and comments belong to who wrote them and come under the
terms of the platforms (Reddit's User Agreement and Data API Terms, YouTube's Terms of Service), media under the licence
of who made them: files of media that are published here are not relicensed, and whoever uses them needs a right to.
"""
