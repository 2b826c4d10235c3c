"""What the Hub checks in the front matter of the card of a dataset or a Space."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import yaml
from datasets.utils import resources

_LICENSES = frozenset(
    [
        "apache-2.0",
        "mit",
        "openrail",
        "cc",
        "cc0-1.0",
        "cc-by-2.0",
        "cc-by-2.5",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "cc-by-nc-2.0",
        "cc-by-nc-3.0",
        "cc-by-nc-4.0",
        "cc-by-nd-4.0",
        "cc-by-nc-nd-3.0",
        "cc-by-nc-nd-4.0",
        "cc-by-nc-sa-2.0",
        "cc-by-nc-sa-3.0",
        "cc-by-nc-sa-4.0",
        "cdla-sharing-1.0",
        "cdla-permissive-1.0",
        "cdla-permissive-2.0",
        "odbl",
        "odc-by",
        "gpl-3.0",
        "bsd-3-clause",
        "pddl",
        "unknown",
        "other",
    ]
)
_TASKS = frozenset(
    [
        "visual-question-answering",
        "image-to-text",
        "video-text-to-text",
        "image-text-to-text",
        "video-classification",
        "text-generation",
        "question-answering",
        "image-classification",
        "other",
    ]
)


def problems_of(content: str, kind: str = "dataset") -> list[str]:
    """Sentences on what the Hub would refuse in a README.md; a card without front matter is allowed."""
    if not content.startswith("---\n"):
        return []
    front, end, _ = content[4:].partition("\n---\n")
    if not end:
        return ["The front matter has no end"]
    try:
        data = yaml.safe_load(front)
    except yaml.YAMLError as error:
        return [f"YAML: {error}"]
    if not isinstance(data, dict):
        return ["The front matter is no mapping"]
    return list(_problems(data) if kind == "dataset" else _problems_of_space(data))


def _problems_of_space(data: dict[str, Any]) -> Iterator[str]:
    if not isinstance(data.get("title"), str):
        yield '"title" must be a string'
    if data.get("sdk") not in ("gradio", "docker", "static", "streamlit"):
        yield '"sdk" must be one of the known ones'
    if data.get("license", "other") not in _LICENSES:
        yield '"license" must be one of the known ones'
    if not all(isinstance(name, str) and name.count("/") == 1 for name in data.get("datasets", [])):
        yield '"datasets" must be names of datasets'


def _problems(data: dict[str, Any]) -> Iterator[str]:
    if not isinstance(data.get("pretty_name", ""), str):
        yield '"pretty_name" must be a string'
    if data.get("license", "other") not in _LICENSES:
        yield '"license" must be one of the known ones'
    if "license_link" in data and not str(data["license_link"]).startswith("http"):
        yield '"license_link" must be an address'
    if not all(isinstance(tag, str) for tag in data.get("tags", [])):
        yield '"tags" must be strings'
    known = {name: json.loads(files(resources).joinpath(f"{name}.json").read_text()) for name in _LISTS}
    known["language"] = known.pop("languages")
    known["task_categories"] = _TASKS
    for key, words in known.items():
        yield from (f'"{key}" has no {word!r}' for word in data.get(key, []) if str(word) != word or word not in words)
    yield from _config_problems(data)


_LISTS = ("languages", "size_categories")


def _config_problems(data: dict[str, Any]) -> Iterator[str]:
    configs = data.get("configs", [])
    names = [config.get("config_name") for config in configs]
    if len(set(names)) < len(names) or not all(isinstance(name, str) and name for name in names):
        yield '"configs[].config_name" must be different strings'
    if sum(bool(config.get("default")) for config in configs) > 1:
        yield '"configs[].default" may be set once'
    for config in configs:
        for part in config.get("data_files", []):
            if not isinstance(part.get("split"), str) or not part.get("path"):
                yield '"configs[].data_files" need a split and a path'
    infos = data.get("dataset_info", [])
    for info in infos if isinstance(infos, list) else [infos]:
        if info.get("config_name") not in names:
            yield f'"dataset_info" speaks of a config {info.get("config_name")!r} that there is not'
        for split in info.get("splits", []):
            if not isinstance(split.get("num_examples"), int) or not isinstance(split.get("num_bytes"), int):
                yield '"dataset_info[].splits" need numbers'
