"""What a recipe says of its result: name, card, publication. Read without the recipe's models, which take a second."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import Enum, StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

#: Names of datasets on the Hub, and of recipes.
REPO = r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$"
NAME = r"^[a-z0-9][a-z0-9._-]*$"
_T = TypeVar("_T")


def _means(description: str, **limits: Any) -> dict[str, Any]:
    """What is said of a key of a section: its meaning, and limits by the names that pydantic has for them."""
    return {"description": description, **limits}


class Payload(StrEnum):
    """For which rejects the record itself is kept."""

    MALFORMED = "malformed"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True)
class Rejects:
    """What is written of rejected records. All are counted, whatever is written here."""

    payload: Payload = field(
        default=Payload.MALFORMED,
        metadata=_means("Keep the record itself for malformed input, for all, or for none."),
    )
    out_of_scope: bool = field(
        default=False,
        metadata=_means(
            "List also records outside the scope of the sources, and comments on posts that are not kept; "
            "in a whole month of an archive these are 99 of 100 lines."
        ),
    )
    max_malformed: float = field(
        default=0.05,
        metadata=_means("The run stops when more than this share of the records cannot be read.", ge=0.0, le=1.0),
    )


@dataclass(frozen=True)
class Card:
    """What the dataset card says beyond what the run knows by itself."""

    title: str = field(default="BLIFT", metadata=_means("Title of the dataset."))
    summary: str = field(default="", metadata=_means("A paragraph in your own words."))
    license: str = field(default="other", metadata=_means("Licence identifier, as the Hub names them."))
    language: list[str] = field(default_factory=lambda: ["en"], metadata=_means("Languages of the dataset, ISO 639-1."))


class MediaShape(StrEnum):
    """How media are published."""

    NONE = "none"
    BESIDE = "beside"  # as files, and a table that names them
    EMBEDDED = "embedded"  # within the cells of a table


class MediaFiles(StrEnum):
    """Which media are published."""

    FILES = "files"  # the files as they were measured
    KEYFRAMES = "keyframes"  # a picture of each scene


@dataclass(frozen=True)
class Publish:
    """Publication on the HuggingFace Hub, the last stage where `repo` is set."""

    repo: str | None = field(
        default=None,
        metadata=_means(
            "Dataset to publish to, as `OWNER/NAME`; `blift publish --repo` says it too. Null: no publication.",
            pattern=REPO,
        ),
    )
    private: bool = field(default=False, metadata=_means("Make the dataset private, where it is not there yet."))
    gated: Literal["auto", "manual"] | None = field(
        default=None, metadata=_means("Readers must ask for access, which is granted by itself or by you.")
    )
    tag: str | None = field(
        default=None,
        metadata=_means("Version, such as `v1.2.0`. Null takes the lowest that says what changed."),
    )
    configs: list[str] | None = field(
        default=None,
        metadata=_means(
            "Configurations to publish. Null takes all but `posts` and `comments`, which no rule has judged.",
            min_length=1,
        ),
    )
    media: MediaShape = field(
        default=MediaShape.NONE,
        metadata=_means(
            "Publish the media of samples, without metadata: `beside` as files and a table that names them, "
            "`embedded` within the cells of a table, `none` not at all."
        ),
    )
    media_files: MediaFiles = field(
        default=MediaFiles.FILES,
        metadata=_means("Which: the `files` that were measured, or the `keyframes` of their scenes."),
    )


class Result(Protocol):
    """What a recipe says of its result."""

    @property
    def name(self) -> str: ...
    @property
    def rejects(self) -> Rejects: ...
    @property
    def card(self) -> Card: ...
    @property
    def publish(self) -> Publish: ...


class ResultFile(Protocol):
    """A recipe of which the result matters, and its text."""

    @property
    def recipe(self) -> Result: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class PlainResult:
    """What a recipe says of its result, in so many words."""

    name: str
    rejects: Rejects
    card: Card
    publish: Publish


@dataclass(frozen=True)
class PlainResultFile:
    """The same, and the recipe's text."""

    recipe: PlainResult
    text: str


def result_of(text: str, path: Path) -> ResultFile:
    """What a recipe says of its result, read the short way where it says it plainly.

    Raises:
        RecipeError: says the file, the line, the key, what is wrong with it and what to do.
    """
    plain = plain_result(text)
    if plain is not None:
        return PlainResultFile(plain, text)
    from pipelines.recipe_file import recipe_of_result  # noqa: PLC0415 - slow: the recipe's models

    return recipe_of_result(text, path)


def plain_result(text: str) -> PlainResult | None:
    """What a recipe says of its result; None where its models must see it: it is wrong, or unusual, as `private: 1`."""
    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
        if not isinstance(content.get("description", ""), str) or not _is_layout(content.get("output", {})):
            return None
        return PlainResult(
            _value(content["name"], str, {"pattern": NAME}),
            _section(content.get("rejects", {}), Rejects),
            _section(content.get("card", {}), Card),
            _section(content.get("publish", {}), Publish),
        )
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError):
        return None


def _is_layout(section: Any) -> bool:
    """Whether it is a section `output`, of which a publication takes nothing."""
    shards = {**section}.pop("shards", "auto")
    return section.keys() <= {"shards"} and (shards == "auto" or (type(shards) is int and shards >= 1))


def _section(content: Mapping[str, Any], kind: type[_T]) -> _T:
    """A section with the values that are given.

    Raises:
        TypeError, ValueError: a key or a value is not plainly right.
    """
    hints, known = get_type_hints(kind), {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    if not content.keys() <= known.keys():
        raise ValueError
    return kind(**{key: _value(value, hints[key], known[key].metadata) for key, value in content.items()})


def _value(value: Any, kind: Any, limits: Mapping[str, Any]) -> Any:
    """A value as a section holds it.

    Raises:
        TypeError, ValueError: it is not plainly of that kind, or not within the limits.
    """
    if get_origin(kind) in (Union, UnionType):
        (inner,) = (member for member in get_args(kind) if member is not NoneType)
        return None if value is None else _value(value, inner, limits)
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError
    elif get_origin(kind) is list:
        if not isinstance(value, list) or len(value) < limits.get("min_length", 0):
            raise TypeError
        return [_value(item, get_args(kind)[0], {}) for item in value]
    elif issubclass(kind, Enum):
        return kind(value)
    elif type(value) is not kind or not _within(value, limits):
        raise TypeError
    return value


def _within(value: Any, limits: Mapping[str, Any]) -> bool:
    if "pattern" in limits:
        return re.fullmatch(limits["pattern"], value) is not None
    return bool(limits.get("ge", value) <= value <= limits.get("le", value))


def default_of(key: Field[Any]) -> Any:
    """The default of a key of a section."""
    return key.default_factory() if key.default_factory is not MISSING else key.default
