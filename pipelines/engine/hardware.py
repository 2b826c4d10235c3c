"""Hardware that a step asks of its runner, step by step: the rest of a pipeline stays on plain machines."""

from __future__ import annotations

from typing import Any

import apache_beam as beam

#: What Dataflow gives the workers of a GPU step; all values are strings. Two bundles share a GPU: one decodes while the
#: other reads and writes.
_GPU_STEP = {"min_ram": "16GB", "max_active_bundles_per_worker": "2"}


def on_gpu(step: beam.PTransform[Any, Any], kind: str = "nvidia-l4") -> beam.PTransform[Any, Any]:
    """The step with a GPU of its own on Dataflow; runners without resource hints, such as Spark, pass them over.

    Args:
        step: what is to run there, with what a runner fuses with it: put a `Reshuffle` or a group before and after it.
        kind: of accelerator, as Dataflow names them.
    """
    return step.with_resource_hints(accelerator=f"type:{kind};count:1;install-nvidia-driver", **_GPU_STEP)
