"""Why a stage runs again: what decides its result, compared with what it noted when it ran last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blift.pipelines.engine.run_folder import StageRecord
from blift.schemas.counted import counted

#: Names of files that are told.
_SHOWN = 3
#: What an earlier stage has written.
_MADE = {"shards": "what the stage before wrote", "media": "what the stage media wrote"}


def reasons(before: StageRecord | None, inputs: Mapping[str, Any]) -> list[str]:
    """Sentences on what differs; none where a stage has the same inputs.

    Args:
        before: what the stage noted; None where it has not run.
        inputs: what decides its result now.
    """
    if before is None:
        return ["it has not run"]
    found: list[str] = []
    for key in sorted({*before.inputs, *inputs} - {"times"}):
        old, new = before.inputs.get(key), inputs.get(key)
        if old != new:
            found += _differences(key, old, new)
    return found


def _differences(key: str, old: Any, new: Any) -> Iterator[str]:
    if key == "files":
        yield from _of_files(old or [], new or [])
    elif key == "tables" and isinstance(old, dict) and isinstance(new, dict):
        yield from (
            f"table {name} {old.get(name)} -> {version}" for name, version in new.items() if old.get(name) != version
        )
    elif key == "blift":
        yield f"blift {old} -> {new}"
    elif key in _MADE and isinstance(new, dict):
        yield f"{_MADE[key]} has changed"
    elif isinstance(old, dict) and isinstance(new, dict):
        changed = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
        yield f"`{key}` has changed ({', '.join(changed)})"
    else:
        yield f"`{key}` has changed"


def _of_files(old: Sequence[Sequence[Any]], new: Sequence[Sequence[Any]]) -> Iterator[str]:
    before, now = ({str(file[0]): file[1:] for file in files} for files in (old, new))
    both = before.keys() & now.keys()
    for what, names in (
        ("added", now.keys() - before.keys()),
        ("removed", before.keys() - now.keys()),
        ("changed", {name for name in both if list(before[name]) != list(now[name])}),
    ):
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            files = counted(len(names), "input file")
            yield f"{files} {what}: {', '.join(sorted(names)[:_SHOWN])}{more}"
