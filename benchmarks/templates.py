"""What the counted language of templates costs beside plain Jinja, and what hostile turns cost until they are refused.

python -m benchmarks.templates
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from blift.transforms import templates
from blift.transforms.templates.budget import TurnError
from blift.transforms.templates.context import context_of
from blift.transforms.templates.language import render
from blift.transforms.templates.template import Template, load_template, shipped

_ROUNDS, _TIMES = 7, 100
_LONG = "{% set s='ab ' %}" + "{% set s=s~s %}" * 20
_TUPLES = "{% set s=(1,2) %}" + "{% set s=(s,s) %}" * 50
_HOSTILE = {
    "loops": "{% for a in range(5000) %}{% for b in range(1200) %}{% if a==b %}{% endif %}{% endfor %}{% endfor %}",
    "sums": "{% for a in range(300000) %}{{ a*a+a-a*3//2 }}{% endfor %}",
    "nested tuples": _TUPLES + "{{ {s: 1} | length }}",
    "words of a long text": _LONG + "{% for i in range(1000) %}{{ s | title | length }}{% endfor %}",
    "a text that doubles": "{% set s='a' %}" + "{% set s=s~s %}" * 60 + "{{ s }}",
}


def _names(scenes: int, comments: int) -> dict[str, Any]:
    words = "somebody says something of that kind "
    scene = {
        **dict.fromkeys(("title", "caption", "tone", "speech", "screen_text"), words),
        **{name: ["words", "more"] for name in ("tags", "foreground_colours", "background_colours")},
        **dict.fromkeys(("start_s", "end_s", "replay"), 1.0),
    }
    names = context_of(
        {
            **dict.fromkeys(("title", "channel_name", "subreddit"), words),
            **dict.fromkeys(("channel_subscribers", "views", "score", "likes"), 12345),
            **dict.fromkeys(("like_percent", "duration_s"), 91.3),
            "media_kind": "video",
            "media_urls": [],
            "posted_at": datetime(2020, 1, 1, tzinfo=UTC),
            "comments": [{"text": words, "score": 1}] * comments,
            "scenes": [scene] * scenes,
            "speech": [{"text": words * 20}],
        }
    )
    options = [{"letter": "A", "speech": words}] * 25
    return names | {"masked": names["scenes"][0], "options": options, "answer": "A"}


def _costs(template: Template, names: dict[str, Any]) -> tuple[float, float]:
    """Microseconds of CPU for one pair: in plain Jinja, and counted."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    plain = [environment.from_string(source) for _, source in template.turns]
    found = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        for _ in range(_TIMES):
            [turn.render(names) for turn in plain]
        between = time.process_time()
        for _ in range(_TIMES):
            [render(source, names) for _, source in template.turns]
        found.append((between - start, time.process_time() - between))
    before, after = zip(*found, strict=True)
    return min(before) / _TIMES * 1e6, min(after) / _TIMES * 1e6


def main() -> None:
    """Print both tables."""
    folder = Path(templates.__file__).parent
    for scenes, comments in ((10, 5), (40, 20)):
        costs = [_costs(load_template(folder / f"{name}.yaml"), _names(scenes, comments)) for name in shipped()]
        before, after = (sum(side) / len(costs) for side in zip(*costs, strict=True))
        print(f"{scenes} scenes, {comments} comments: {before:.0f} us a pair in plain Jinja, {after:.0f} us counted")
    for name, source in _HOSTILE.items():
        start, said = time.process_time(), "rendered"
        try:
            render(source, _names(1, 1))
        except TurnError:
            said = "refused"
        print(f"{name}: {said} after {time.process_time() - start:.1f} s of CPU")


if __name__ == "__main__":
    main()
