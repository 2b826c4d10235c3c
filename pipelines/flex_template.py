"""Entry point of a Dataflow Flex Template: parameters in, the next stage handed to Dataflow, and no waiting.

The template's launcher starts this file with the parameters of `flex_template.json`, and Beam's own options, as flags.
Each launch takes the stage that has ended into the manifest and hands on the next; launch again until all are done.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from blift.pipelines.cli import main


def command(arguments: Sequence[str]) -> list[str]:
    """The arguments of the `blift` command that a launch stands for."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--recipe", required=True)
    known, rest = parser.parse_known_args(arguments)
    return ["build", known.recipe, "--detach", "--runner=DataflowRunner", "--sdk_location=container", *rest]


if __name__ == "__main__":
    sys.exit(main(command(sys.argv[1:])))
