"""Changes that no test can see, because what the module returns stays the same; each with the reason."""


def _change(line: str, old: str, new: str = "") -> str:
    return f"{line} -> {line.replace(old, new, 1)}"


_WEAK = "weak components of a graph, which are meant unless strong ones are asked for, are the same without directions"
_COMPONENTS = "_, label = connected_components(edges, directed=False)"
_JOIN = """found = pl.DataFrame({"label": label[:count]}).join(groups, on="label", how="left", maintain_order="left")"""
_ORDERED = "Polars keeps the order of the left side today, and promises it only where it is asked to"
_MATCHED = "each label has its group, so that a left join and an inner one are the same"
_RULES = 'RULES = "__blift_rules__"'
EQUIVALENT: dict[str, tuple[tuple[str, str], ...]] = {
    "rules/registry": (
        (_change(_RULES, '"__', '"XX__'), "all who read this name read it here"),
        ("  @cache -> ", "the rules are gathered once more, which takes time and changes nothing"),
    ),
    "splits": (
        (_change(_COMPONENTS, "False", "True"), _WEAK),
        (_change(_COMPONENTS, " directed=False"), _WEAK),
        (_change(_JOIN, ' how="left",'), _MATCHED),
        (_change(_JOIN, ' maintain_order="left"'), _ORDERED),
    ),
}
