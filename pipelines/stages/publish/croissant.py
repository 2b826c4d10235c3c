"""Croissant metadata of a publication (https://docs.mlcommons.org/croissant), with its part on responsible AI."""

from __future__ import annotations

from typing import Any

from blift.pipelines.stages.publish.edition import HUB, Edition, Facts
from blift.pipelines.stages.publish.features import FILE
from blift.schemas.tables import AnyColumn, item_type

#: The Hub hosts a repository, which has no digest of its own; Croissant asks for one (mlcommons/croissant issue 80).
_NO_DIGEST = "https://github.com/mlcommons/croissant/issues/80"
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataBiases": "rai:dataBiases",
    "dataCollection": "rai:dataCollection",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "personalSensitiveInformation": "rai:personalSensitiveInformation",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_DATA_TYPES = {"bool": "sc:Boolean", "int64": "cr:Int64", "double": "cr:Float64"}
_ROWS_NAMED_BY = {"sample": "sample_id", "instruction": "id", "chat": "id", "post": "post_id", "comment": "comment_id"}

#: What Croissant calls the files that a column holds, by the column.
_FILES = {"image": "sc:ImageObject", "video": "sc:VideoObject"}


def croissant(facts: Facts, edition: Edition, licence: str) -> dict[str, Any]:
    """The metadata as JSON-LD."""
    page = f"{HUB}/datasets/{facts.repo}"
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": facts.repo.split("/")[1],
        "alternateName": [facts.card.title],
        "description": facts.card.summary.strip() or f"{facts.card.title}: how people received what others posted.",
        "url": page,
        "license": licence,
        "inLanguage": facts.card.language,
        "version": edition.version.removeprefix("v"),
        "creator": {
            "@type": "sc:Organization",
            "name": facts.repo.split("/")[0],
            "url": f"{HUB}/{facts.repo[: facts.repo.index('/')]}",
        },
        "citeAs": "Singh et al., Teaching Human Behavior Improves Content Understanding Abilities Of VLMs, "
        "ICLR 2025, arXiv 2405.00942",
        "keywords": ["blift", "human behavior"],
        "dataCollection": "Public posts and comments out of archives of Reddit and YouTube; every step is counted in "
        "manifest.json.",
        "dataBiases": "The audiences of the platforms are not the population; what is popular is seen more.",
        "personalSensitiveInformation": "No author names. E-mail addresses, phone numbers and mentions of users in "
        "texts are replaced by rule; texts may still name persons.",
        "distribution": [_repository(page, edition), *(_file_set(name, facts) for name in facts.configs)],
        "recordSet": [_record_set(name, facts) for name in facts.configs],
    }


def _repository(page: str, edition: Edition) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": "repo",
        "name": "repo",
        "description": "The git repository on the HuggingFace Hub.",
        "contentUrl": f"{page}/tree/{edition.version}",
        "encodingFormat": "git+https",
        "sha256": _NO_DIGEST,
    }


def _file_set(config: str, facts: Facts) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"files-{config}",
        "name": f"files-{config}",
        "description": f"The Parquet files of the configuration {config}.",
        "containedIn": {"@id": "repo"},
        "encodingFormat": "application/x-parquet",
        "includes": [split.pattern for split in facts.configs[config]],
    }


def _record_set(config: str, facts: Facts) -> dict[str, Any]:
    table = facts.tables[config]
    found = facts.definitions[config]
    key = {"key": {"@id": f"{config}/{_ROWS_NAMED_BY[table]}"}} if table in _ROWS_NAMED_BY else {}
    rows = sum(split.rows for split in facts.configs[config])
    return {
        "@type": "cr:RecordSet",
        "@id": config,
        "name": config,
        "description": f"{rows} rows of the table {table} {found.version}.",
        **key,
        "field": [_field(column, config, config, ()) for column in found.fields],
    }


def _field(column: AnyColumn, parent: str, config: str, path: tuple[str, ...]) -> dict[str, Any]:
    """A column as a field; members of a struct, or of a list of structs, as its sub-fields."""
    identity = f"{parent}/{column.name}"
    item = item_type(column.type)
    inner = item or column.type
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": identity,
        "name": identity,
        "description": column.description,
        **({"repeated": True} if item else {}),
    }
    if [member.name for member in column.fields] == FILE:
        return {**field, "dataType": _FILES[column.name], "source": _source(config, FILE[0], (column.name,))}
    if inner == "struct":
        members = [_field(member, identity, config, (*path, column.name)) for member in column.fields]
        return {**field, "subField": members}
    return {**field, "dataType": data_type(inner), "source": _source(config, column.name, path)}


def _source(config: str, column: str, path: tuple[str, ...]) -> dict[str, Any]:
    first, *rest = (*path, column)
    source: dict[str, Any] = {"fileSet": {"@id": f"files-{config}"}, "extract": {"column": first}}
    return {**source, "transform": [{"jsonPath": member} for member in rest]} if rest else source


def data_type(kind: str) -> str:
    """Croissant's word for a scalar of Arrow."""
    if kind.startswith("timestamp"):
        return "sc:Date"
    return _DATA_TYPES.get(kind, "sc:Text")
