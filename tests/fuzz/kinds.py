"""All kinds of input; another kind is another entry."""

from __future__ import annotations

from tests.fuzz import archives, media, recipes, run_folders, templates, youtube
from tests.fuzz.kind import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        archives.KIND,
        youtube.INFO,
        youtube.SUBTITLES,
        recipes.KIND,
        templates.KIND,
        run_folders.KIND,
        media.ROWS,
        media.FILES,
    )
}
