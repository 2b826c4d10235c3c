"""A template file: what an instruction pair asks for, and the turns as Jinja templates."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)

from blift.schemas.checked import in_place, mistake
from blift.schemas.credentials import refuse_credentials
from blift.schemas.errors import RecipeError, cut, did_you_mean
from blift.schemas.regular_files import Unreadable, read_regular_file
from blift.schemas.yaml_text import read_yaml
from blift.transforms.named_files import named_path
from blift.transforms.templates.budget import TurnError
from blift.transforms.templates.context import MEDIA, context_of
from blift.transforms.templates.language import render

_SHIPPED = Path(__file__).parent

#: A template is a page of text.
MAX_BYTES = 64 << 10


class Part(StrEnum):
    """What a pair can ask for."""

    TITLE = "title"
    DESCRIPTION = "description"  # of the scenes: caption, title, colours, tone, tags
    VIEWS = "views"
    LIKES = "likes"  # as a percentage of the views, as a score, or as a number
    COMMENTS = "comments"
    REPLAY = "replay"
    SPEECH = "speech"  # of one scene, which is masked
    REACTIONS = "reactions"  # the moments that people react to most
    GROWTH = "growth"  # a number after a month, given those of the first days
    MEMORABILITY = "memorability"  # the three of annotations
    SALIENCY_OBJECTS = "saliency_objects"
    SALIENCY_REGIONS = "saliency_regions"


class _File(BaseModel):
    """The keys of a template file."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    description: str
    asks: list[Part] = Field(min_length=1)
    options: int | None = Field(default=None, ge=2, le=26)
    system: str
    user: str
    assistant: str


@dataclass(frozen=True)
class Template:
    """A template, with its turns as Jinja source.

    Attributes:
        asks: a sample that has none of these parts makes no pair.
        options: how many options a masked speech is to be chosen from; None where it is to be written.
        digest: sha256 of the file.
    """

    name: str
    version: str
    description: str
    asks: tuple[Part, ...]
    options: int | None
    system: str
    user: str
    assistant: str
    digest: str

    @property
    def turns(self) -> tuple[tuple[str, str], ...]:
        """Name and source of the turns, in order."""
        return ("system", self.system), ("user", self.user), ("assistant", self.assistant)


def shipped() -> list[str]:
    """Names of the templates that come with the package."""
    return sorted(path.stem for path in _SHIPPED.glob("*.yaml"))


def shipped_path(name: str) -> Path:
    """The file of a shipped template."""
    return _SHIPPED / f"{name}.yaml"


def load_template(path: Path) -> Template:
    """The template in a file.

    Raises:
        RecipeError: says what is wrong with the file, and where.
    """
    where = f"The template {cut(str(path), 400)}"
    try:
        text = read_regular_file(path, MAX_BYTES).decode("utf-8")
    except Unreadable as error:
        hint = did_you_mean(path.stem, shipped()) or "."
        raise RecipeError(
            f"{where} cannot be read ({error}){hint} Shipped templates: {', '.join(shipped())}; or name a file of "
            "your own."
        ) from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{where} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    refuse_credentials(enumerate(text.split("\n"), start=1), where)
    found = read_yaml(text, where)
    refuse_credentials(found.strings(), where)
    try:
        file = _File.model_validate(found.content)
    except ValidationError as error:
        raise RecipeError(f"{where}: {_sentence(error)}") from error
    template = Template(
        **file.model_dump(exclude={"asks"}), asks=tuple(file.asks), digest=hashlib.sha256(text.encode()).hexdigest()
    )
    # With a sample that has everything, so that a mistake shows before anything runs.
    rendered(template, _EVERYTHING, where)
    return template


def rendered(template: Template, names: Mapping[str, Any], where: str) -> dict[str, str]:
    """The turns of a template as text, by name.

    Args:
        template: whose turns.
        names: what they can use, as `context_of` gives it.
        where: the template, and the sample that the names are of, at the beginning of an error's sentence.

    Raises:
        RecipeError: a turn cannot be rendered, takes too long or makes too much text, or does not show the media where
            it should.
    """
    texts = {}
    for turn, source in template.turns:
        try:
            texts[turn] = render(source, names)
        except TurnError as error:
            line = f"line {error.line} of " if error.line else ""
            known = f" Names: {', '.join(sorted(names))}." if str(error).endswith("is undefined") else ""
            raise RecipeError(f"{where}, {line}its `{turn}` turn: {error}.{known} See docs/templates.md.") from error
        shown = texts[turn].count(MEDIA)
        if shown != (turn == "user"):
            raise RecipeError(
                f"{where} shows the media {shown} times in its `{turn}` turn. The `user` turn must show it once, as "
                "`{{ media }}`, and the others never."
            )
    return texts


def _sentence(error: ValidationError) -> str:
    errors = error.errors()
    # A misspelt key is also a missing one; its hint helps more.
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        hint = did_you_mean(key, _File.model_fields) or "."
        return f"there is no key `{key}`{hint} Keys: {', '.join(_File.model_fields)}."
    if first["type"] == "missing":
        return f"the key `{key}` is missing; add it."
    return f"`{key}` is not right: {mistake(first)}." if key else "it is no YAML mapping."


_SCENE = {
    **dict.fromkeys(("title", "caption", "tone", "speech", "screen_text"), "words"),
    "tags": ["words"],
    "foreground_colours": ["words"],
    "background_colours": ["words"],
    **dict.fromkeys(("start_s", "end_s", "replay"), 1.0),
}
_EVERYTHING = context_of(
    {
        **dict.fromkeys(("title", "channel_name", "subreddit"), "words"),
        **dict.fromkeys(("channel_subscribers", "views", "score", "likes"), 1),
        **dict.fromkeys(("like_percent", "duration_s"), 1.0),
        "media_kind": "video",
        "media_urls": [],
        "posted_at": datetime(2020, 1, 1, tzinfo=UTC),
        "comments": [{"text": "words", "score": 1}],
        "score_ratio": 1.0,
        "score_percentile": 0.5,
        "scenes": [_SCENE],
        "speech": [{"text": "words"}],
        "permalink": None,
        "audiences": [],
        "reactions": [{"second": 1, "count": 1}],
        "growth": [
            dict.fromkeys(("score", "likes", "views"), 1) | {"post_id": "words", "age_days": age} for age in (1.0, 30.0)
        ],
        "memorability": 0.5,
        **{name: [{"name": "words", "value": 0.5}] for name in ("salient_objects", "salient_regions")},
    }
)
_EVERYTHING |= {"masked": _EVERYTHING["scenes"][0], "options": [{"letter": "A", "speech": "words"}], "answer": "A"}


@in_place
def _named(value: Any, info: ValidationInfo) -> Template:
    if isinstance(value, Template):
        return value
    if value in shipped():
        return load_template(shipped_path(value))
    return load_template(named_path(value, info))


def template_files(path: Path) -> list[Path]:
    """The template files in a folder, by name; a path that is no folder is a file.

    Raises:
        RecipeError: the folder holds none.
    """
    if not os.path.isdir(path):
        return [path]
    found = sorted(entry for entry in path.iterdir() if entry.suffix in (".yaml", ".yml"))
    if not found:
        raise RecipeError(f"The folder {cut(str(path), 400)} holds no templates: files that end in .yaml.")
    return found


@in_place
def _with_folders(values: Any, info: ValidationInfo) -> Any:
    """The list of a recipe, with the files in a folder in its place."""
    if not isinstance(values, list):
        return values
    names = shipped()
    return [
        file
        for value in values
        for file in (
            template_files(named_path(value, info)) if isinstance(value, str) and value not in names else [value]
        )
    ]


def _named_once(templates: list[Template]) -> list[Template]:
    for name, count in Counter(template.name for template in templates).items():
        if count > 1:
            raise ValueError(f"{count} templates are called `{name}`, and pairs are told apart by that name")
    return templates


def _digest(template: Template) -> dict[str, str]:
    return {"name": template.name, "version": template.version, "sha256": template.digest}


#: The name of a shipped template, or the path of a file of one's own.
TemplateFile = Annotated[Template, PlainValidator(_named), PlainSerializer(_digest), WithJsonSchema({"type": "string"})]
#: Such names and paths; a folder stands for the templates in it.
TemplateFiles = Annotated[list[TemplateFile], BeforeValidator(_with_folders), AfterValidator(_named_once)]
