"""The same build gives the same shards, byte for byte, on every engine that can run here."""

import pytest

from tests.runners.conftest import Run
from tests.runners.engines import ENGINES, Engine

pytestmark = [pytest.mark.runner, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("corpus", ["demo", "real"])
@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_every_shard_has_the_same_bytes_on_every_engine(engine: Engine, corpus: str, run: Run) -> None:
    first, built = run(ENGINES[0], corpus), run(engine, corpus)
    assert built.digests == first.digests
    assert built.fingerprint == first.fingerprint
