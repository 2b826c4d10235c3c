"""Changes that no test can see, because what the module returns stays the same; each with the reason."""

_WEAK = "weak components of a graph, which are meant unless strong ones are asked for, are the same without directions"
_COMPONENTS = "_, label = connected_components(edges, directed=False) -> _, label = connected_components(edges,"
EQUIVALENT: dict[str, tuple[tuple[str, str], ...]] = {
    "splits": ((f"{_COMPONENTS} directed=True)", _WEAK), (f"{_COMPONENTS})", _WEAK)),
}
