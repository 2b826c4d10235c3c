"""Changes that no test can see, because what the module returns stays the same; each with the reason."""

EQUIVALENT: dict[str, tuple[tuple[str, str], ...]] = {}
