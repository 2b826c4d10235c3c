"""The files of a publication: the released shards, and card, manifest, recipe, schemas and metadata beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Annotated, Literal

import msgspec

from blift.connectors.hub.plan import Wanted, small_file, text_file
from blift.connectors.inside import fault_of_path
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import MANIFEST, Fingerprint
from blift.pipelines.stages.publish.edition import PICTURE, Edition, Facts
from blift.pipelines.stages.publish.funnel_picture import funnel_picture
from blift.pipelines.stages.publish.versions import Difference, Tag
from blift.schemas.baseline import definition_text
from blift.schemas.count import Count
from blift.schemas.definition import Definition
from blift.schemas.errors import InputError
from blift.schemas.level import Level
from blift.transforms.row_changes import RowChanges

FORMAT = 1


@dataclass(frozen=True)
class Publication:
    """A release and its recipe: all that a version of the dataset holds, once its number is known.

    Attributes:
        recipe: its text. ``lists``: the content of the files that it names, by path.
    """

    facts: Facts
    recipe: str
    lists: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over path and digest of every released shard."""
        digests = sorted((path, shard.sha256) for path, shard in self.facts.shards.items())
        return hashlib.sha256(json.dumps(digests).encode()).hexdigest()

    def files(self, edition: Edition) -> dict[str, Wanted]:
        """Everything that is to be in the dataset, by path."""
        facts = self.facts
        texts = {
            "README.md": facts.card_text(edition),
            "recipe.yaml": self.recipe,
            PICTURE: funnel_picture(funnel_rows(facts.manifest)),
            **{schema_path(found): definition_text(found) for found in facts.definitions.values()},
        }
        files = {path: Wanted(shard.size_bytes, shard.sha256) for path, shard in facts.shards.items()}
        files |= {path: text_file(text) for path, text in texts.items()}
        files |= {path: small_file(content) for path, content in self.lists.items()}
        return {**files, MANIFEST: text_file(self._manifest(edition, files))}

    def _manifest(self, edition: Edition, files: Mapping[str, Wanted]) -> str:
        """The account that is published: no times of running, no paths of this machine."""
        facts, manifest = self.facts, self.facts.manifest
        content = {
            "format": FORMAT,
            "dataset": facts.repo,
            "version": edition.version,
            "previous": edition.previous,
            "changes": {
                "level": edition.changed.level.name.lower(),
                "rows": {config: asdict(change) for config, change in edition.changed.rows.items()},
                "schemas": edition.changed.schemas,
            },
            "blift": manifest.blift,
            "recipe": manifest.recipe,
            "fingerprint": manifest.fingerprint,
            "release": self.fingerprint,
            "privacy": {
                "passed": True,
                "withdrawn_in_samples": facts.withdrawn,
                "replaced": facts.replaced,
                "taken_out_of_files": facts.bared,
                "withheld": facts.withheld,
            },
            "configs": {
                name: {"table": found.table, "schema": schema_path(found)} for name, found in facts.definitions.items()
            },
            "stages": {
                name: {
                    "versions": record.versions,
                    "notes": len(record.notes),
                    "funnel": [asdict(row) for row in record.funnel],
                }
                for name, record in manifest.stages.items()
            },
            "files": {path: self._file(path, file) for path, file in sorted(files.items())},
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    def _file(self, path: str, file: Wanted) -> dict[str, int | str]:
        rows = {"rows": self.facts.shards[path].rows} if path.endswith(".parquet") else {}
        return {"bytes": file.size, "digest": file.digest, **rows}


def schema_path(table: Definition) -> str:
    """Where the definition of a table lies in a published dataset."""
    return f"schemas/{table.table}-{table.version}.json"


class _Format(msgspec.Struct):
    """The part of a manifest that says how to read the others."""

    format: int


class _File(msgspec.Struct):
    """sha256 of a file in LFS, git's digest of any other; rows of a data file."""

    digest: Annotated[str, msgspec.Meta(pattern=r"\A(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]
    rows: Count | None = None


class _Config(msgspec.Struct):
    table: str
    schema: str


class _Changes(msgspec.Struct):
    level: Literal["patch", "minor", "major"]
    rows: dict[str, RowChanges]
    schemas: list[str]


class _Content(msgspec.Struct):
    """The parts that are read again."""

    version: Tag
    previous: Tag | None
    changes: _Changes
    release: Fingerprint
    configs: dict[str, _Config]
    files: dict[str, _File]


@dataclass(frozen=True)
class PublishedManifest:
    """What the manifest of a published version says.

    Attributes:
        edition: the version, and what it changed.
        release: the fingerprint of its data.
        files: the digest of every file, by path.
        tables: the table of every configuration; ``schemas`` the path of its definition.
        rows: the rows of every data file, by path.
    """

    edition: Edition
    release: str
    files: dict[str, str]
    tables: dict[str, str]
    schemas: dict[str, str]
    rows: dict[str, int]

    @classmethod
    def parse(cls, text: bytes, where: str) -> PublishedManifest:
        """Read one.

        Raises:
            InputError: it is none, or is of a format that this blift does not know.
        """
        try:
            decoded = json.loads(text)
            found = msgspec.convert(decoded, _Format).format
            if found != FORMAT:
                raise InputError(f"{where} has format {found}, and this blift reads {FORMAT}.")
            content = msgspec.convert(decoded, _Content)
        except (ValueError, RecursionError) as error:
            why = "it is nested too deeply" if isinstance(error, RecursionError) else error
            raise InputError(f"{where} is no manifest of a version that blift published ({why}).") from error
        schemas = {name: config.schema for name, config in content.configs.items()}
        for path in (*content.files, *schemas.values()):
            if fault := fault_of_path(path):
                raise InputError(f"{where} names the file {path!r}, which {fault}: blift did not write that.")
        changes = content.changes
        return cls(
            edition=Edition(
                content.version,
                content.previous,
                Difference(changes.rows, changes.schemas, Level[changes.level.upper()]),
            ),
            release=content.release,
            files={path: file.digest for path, file in content.files.items()},
            tables={name: config.table for name, config in content.configs.items()},
            schemas=schemas,
            rows={path: file.rows for path, file in content.files.items() if file.rows is not None},
        )
