"""The section `sources` of a recipe: a section for each platform, and published datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from pydantic import Field, model_validator

from blift.connectors.connector import Connector
from blift.connectors.hub.named import REPO
from blift.connectors.registry import connectors
from blift.pipelines.recipe.generated import camel, rules, section
from blift.schemas.section import Section
from blift.transforms.rules import RecordKind


class PlatformSource(Section):
    """What the sections of all platforms in `sources` have."""

    #: The platform, and the keys of which one is needed.
    connector: ClassVar[Connector]
    fetched: list[str] = Field(default=[], description="Folders that `blift fetch` filled.")
    scope: Section = Field(default_factory=Section, description="Which posts to keep.")

    @property
    def patterns(self) -> Mapping[str, Sequence[str]]:
        """What is named of each archive, by its key."""
        return {archive.key: getattr(self, archive.key) for archive in self.connector.archives}

    @model_validator(mode="after")
    def _name_something(self) -> PlatformSource:
        of_posts = [archive.key for archive in self.connector.archives if archive.posts]
        if not any(self.patterns[key] for key in of_posts) and not self.fetched:
            names = [*of_posts, *(["fetched"] if _is_fetched(self.connector) else [])]
            raise ValueError(f"name {', or '.join(f'`{name}`' for name in names)}")
        return self


def _is_fetched(connector: Connector) -> bool:
    return any(archive.fetched for archive in connector.archives)


def _source(connector: Connector) -> type[Section]:
    """The section of a platform in `sources`."""
    platform = connector.platform
    fields: dict[str, Any] = {
        archive.key: (list[str], Field(default=[], description=archive.description)) for archive in connector.archives
    }
    if not _is_fetched(connector):
        fields["fetched"] = (ClassVar[list[str]], [])
    else:
        fields["fetched"] = (list[str], PlatformSource.model_fields["fetched"])
    scope = rules(f"{platform.title}'s {platform.posts}", RecordKind.POST, platform, "ingest")
    description = f"Which {platform.posts} to keep."
    fields["scope"] = (scope, Field(default_factory=scope, description=description))
    model = section(f"{camel(platform.name)}Source", connector.about, fields, PlatformSource)
    model.connector = connector  # type: ignore[attr-defined]  # of PlatformSource
    return model


class HubSource(Section):
    """A published dataset on the HuggingFace Hub: the BLIFT of the paper, or one that blift published."""

    repo: str = Field(pattern=REPO, description="The dataset, as `OWNER/NAME`.")
    revision: str | None = Field(default=None, description="Tag, branch or commit. Null: the newest.")


class AnySources(Section):
    """Where the records come from; at least one."""

    hub: HubSource | None = Field(default=None, description="A published dataset; rules of `scope` let all of it in.")

    annotations: list[str] = Field(
        default=[],
        description="Parquet files of what people said of media, such as memorability scores, keyed by digest, post or "
        "address; see docs/annotations.md.",
    )

    @property
    def platforms(self) -> Mapping[str, PlatformSource]:
        """The platforms that are named, by name."""
        found = {name: getattr(self, name) for name in connectors()}
        return {name: section for name, section in found.items() if section is not None}


def _sources() -> type[Section]:
    fields: dict[str, Any] = {}
    for name, connector in connectors().items():
        archives = f"{connector.platform.title} archives."
        fields[name] = (_source(connector) | None, Field(default=None, description=archives))
    return section("Sources", str(AnySources.__doc__), fields, AnySources)


if TYPE_CHECKING:
    Sources: TypeAlias = AnySources
else:
    Sources = _sources()
