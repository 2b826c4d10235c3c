"""Whether the optional libraries that read media are installed."""

from __future__ import annotations

from importlib.util import find_spec

from blift.schemas.errors import RecipeError

_PACKAGES = ("PIL", "av", "cv2", "decord", "ffmpeg", "imagehash", "imageio_ffmpeg")


def require_media(option: str) -> None:
    """Check that the extra `media` is installed.

    Args:
        option: the option of the recipe that needs it.

    Raises:
        RecipeError: it is not.
    """
    missing = next((name for name in _PACKAGES if find_spec(name) is None), None)
    if missing:
        raise RecipeError(f"`{option}` needs the extra `media` ({missing} is not installed). Install blift[media].")
