"""What a publication consists of: the released shards, and card, manifest, recipe and schema files beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from connectors.hub.plan import Wanted, text_file
from connectors.parquet import Shard
from pipelines import release
from pipelines.card import CONFIGS, published_card
from pipelines.recipe_file import RecipeFile
from pipelines.run_folder import MANIFEST, Manifest
from pipelines.versions import Difference
from schemas.compatibility import Level
from schemas.errors import InputError
from schemas.freeze import Definition, definition, definition_text
from schemas.registry import RECORDS
from transforms.digests import RowChanges

FORMAT = 1
#: Configurations of a publication: name, folder, table.
PUBLISHED = (*CONFIGS[:1], ("blift", "blift", "blift"), *CONFIGS[1:])


@dataclass(frozen=True)
class Edition:
    """Which version of a dataset this is, and what it changes."""

    version: str
    previous: str | None
    changed: Difference


@dataclass(frozen=True)
class Publication:
    """A run folder's release, with all that goes to the Hub beside the shards but depends on the version."""

    source: RecipeFile
    manifest: Manifest

    @property
    def shards(self) -> dict[str, Shard]:
        """The released shards, by their path in the dataset."""
        record = self.manifest.stages[release.STAGE]
        return {shard.path.removeprefix(release.FOLDER): shard for shard in record.shards}

    @property
    def configs(self) -> dict[str, str]:
        """The published configurations and their tables."""
        return {
            name: table
            for name, folder, table in PUBLISHED
            if any(path.startswith(f"{folder}/") for path in self.shards)
        }

    @property
    def definitions(self) -> dict[str, Definition]:
        """The definitions of the tables, by configuration."""
        return {name: definition(RECORDS[table]) for name, table in self.configs.items()}

    @property
    def fingerprint(self) -> str:
        """sha256 over path and digest of every released shard."""
        digests = sorted((path, shard.sha256) for path, shard in self.shards.items())
        return hashlib.sha256(json.dumps(digests).encode()).hexdigest()

    def files(self, edition: Edition, repo: str) -> dict[str, Wanted]:
        """Everything that is to be in the dataset, by path."""
        texts = {"recipe.yaml": self.source.text}
        texts |= {
            f"schemas/{found.table}-{found.version}.json": definition_text(found) for found in self.definitions.values()
        }
        texts["README.md"] = published_card(self.source.recipe, self.manifest, edition, repo, {p: replace(s, path=p) for p, s in self.shards.items()})
        files = {path: Wanted(shard.size_bytes, shard.sha256) for path, shard in self.shards.items()}
        files |= {path: text_file(text) for path, text in texts.items()}
        return {**files, MANIFEST: text_file(self._manifest(edition, repo, files))}

    def _manifest(self, edition: Edition, repo: str, files: Mapping[str, Wanted]) -> str:
        """The account that is published: no times of running, no paths of this machine."""
        content = {
            "format": FORMAT,
            "dataset": repo,
            "version": edition.version,
            "previous": edition.previous,
            "changes": {
                "level": edition.changed.level.name.lower(),
                "rows": {config: asdict(change) for config, change in edition.changed.rows.items()},
                "schemas": edition.changed.schemas,
            },
            "blift": self.manifest.blift,
            "recipe": self.manifest.recipe,
            "fingerprint": self.manifest.fingerprint,
            "release": self.fingerprint,
            "privacy": self.privacy,
            "configs": {
                name: {"table": table, "schema": f"schemas/{table}-{RECORDS[table].version}.json"}
                for name, table in self.configs.items()
            },
            "stages": {
                name: {
                    "fingerprint": record.fingerprint,
                    "versions": record.versions,
                    "notes": len(record.notes),
                    "funnel": [asdict(row) for row in record.funnel],
                }
                for name, record in self.manifest.stages.items()
            },
            "files": {
                path: {
                    "bytes": file.size,
                    "digest": file.digest,
                    **({"rows": self.shards[path].rows} if path in self.shards else {}),
                }
                for path, file in sorted(files.items())
            },
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    @property
    def privacy(self) -> dict[str, Any]:
        """The result of the gate."""
        record = self.manifest.stages[release.STAGE]
        replaced: dict[str, dict[str, int]] = {}
        for what, count in record.findings.items():
            config, _, kind = what.partition(" ")
            if kind in release.KINDS:
                replaced.setdefault(config, {})[kind] = count
        withheld = {row.table: row.rejected for row in record.funnel if row.rejected}
        return {
            "passed": True,
            "withdrawn_in_samples": record.findings.get(release.WITHDRAWN, 0),
            "replaced": replaced,
            "withheld": withheld,
        }


@dataclass(frozen=True)
class Published:
    """What a published manifest says."""

    version: str
    edition: Edition
    release: str
    files: dict[str, str]
    schemas: dict[str, str]
    rows: dict[str, int]

    @classmethod
    def parse(cls, text: bytes, where: str) -> Published:
        """Read a published manifest.

        Raises:
            InputError: it is none, or is of a format that this blift does not know.
        """
        try:
            content = json.loads(text)
            if content["format"] != FORMAT:
                raise InputError(f"{where} has format {content['format']}, and this blift reads {FORMAT}.")
            changed = content["changes"]
            rows = {config: RowChanges(**change) for config, change in changed["rows"].items()}
            level = Level[changed["level"].upper()]
            difference = Difference(rows, changed["schemas"], level)
            return cls(
                version=content["version"],
                edition=Edition(content["version"], content["previous"], difference),
                release=content["release"],
                files={path: file["digest"] for path, file in content["files"].items()},
                schemas={name: config["schema"] for name, config in content["configs"].items()},
                rows={path: file["rows"] for path, file in content["files"].items() if "rows" in file},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{where} is no manifest of a blift publication ({error!r}).") from error
