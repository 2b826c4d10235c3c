"""Values that transforms pass on cannot be changed by whoever gets them: every dataclass is frozen."""

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import blift.transforms

_MODULES = sorted(module.name for module in pkgutil.walk_packages(blift.transforms.__path__, "blift.transforms."))

#: They gather what passes them, and are handed to nobody before their end.
_GATHER = {"Tally", "CutFilter", "Candidates", "SceneCutter"}


@pytest.mark.parametrize("name", _MODULES)
def test_dataclasses_are_frozen(name: str) -> None:
    module = importlib.import_module(name)
    own = [cls for _, cls in inspect.getmembers(module, inspect.isclass) if cls.__module__ == name]
    changeable = [cls.__name__ for cls in own if dataclasses.is_dataclass(cls) and not _is_frozen(cls)]
    assert set(changeable) <= _GATHER


def _is_frozen(cls: type) -> bool:
    return bool(cls.__dataclass_params__.frozen)  # type: ignore[attr-defined]  # a dataclass has them
