"""Changes that no test can see, because what the module returns stays the same; each with the reason."""


def _change(line: str, old: str, new: str = "") -> str:
    return f"{line} -> {line.replace(old, new, 1)}"


_WEAK = "weak components of a graph, which are meant unless strong ones are asked for, are the same without directions"
_COMPONENTS = "_, label = connected_components(edges, directed=False)"
_JOIN = """found = pl.DataFrame({"label": label[:count]}).join(groups, on="label", how="left", maintain_order="left")"""
_ORDERED = "Polars keeps this order today, and promises it only where it is asked to"
_MATCHED = "each label has its group, so that a left join and an inner one are the same"
_RULES = 'RULES = "__blift_rules__"'
_BEST = "_DESCENDING = [False, True, True, True, True, True, False, False]"
_GROUPED = 'samples = ordered.group_by("media_key", maintain_order=True).agg('
_CHOSEN = 'chosen = comments.group_by("media_key", maintain_order=True).agg('
_BY_KEY = """samples = samples.filter("any_judged").join(chosen, on="media_key", how="left", maintain_order="left")"""
_SORTED = "samples are sorted by their ids at the end, and rows of a group keep their order in any case"
_GRAPHS = "columns = [flat.field(name).to_numpy() for name in Segments._fields] if len(flat) else [np.empty(0)] * 3"
_PLACES = "if not set(PROVENANCE) <= set(rows.columns):"
_LATEST = 'latest = rows.group_by("post_id", maintain_order=True).agg('
_BY_ID = "rows are sorted by their ids at the end, and rows of a group keep their order in any case"
_ALL_PLACES = "found = pl.concat([rows.filter(~repeated).select(told), ordered]).sort(key, maintain_order=True)"
_COMMENTS = 'return rows.group_by("comment_id", maintain_order=True).agg('
_PARENTS = 'found = comments.select("parent_id").join(places, on="parent_id", how="left", maintain_order="left")'
_HISTORY = 'return pl.struct(measured).unique(maintain_order=True).slice(1).reverse().alias("history")'
_TIE = 'return pl.Series("tie", texts, dtype=pl.String)'
_DEPTH = "depth = np.append(is_reply.astype(np.int64), [0, 0])"
_NOT_THERE = "a comment whose parent is not there has no depth, whatever is added to it"
_KEYS = "descending = [False, True]"
_CONTENT = 'content = _content(rows.drop(places), tied).fill_null("")'
EQUIVALENT: dict[str, tuple[tuple[str, str], ...]] = {
    "observations": (
        (_change(_PLACES, "<=", "<"), "observations have more columns than those that tell where they were read"),
        (_change(_LATEST, "True", "False"), _BY_ID),
        (_change(_LATEST, " maintain_order=True"), _BY_ID),
        (_change(_COMMENTS, "True", "False"), _BY_ID),
        (_change(_COMMENTS, " maintain_order=True"), _BY_ID),
        (_change(_ALL_PLACES, "True", "False"), _ORDERED),
        (_change(_ALL_PLACES, " maintain_order=True"), _ORDERED),
        (_change(_HISTORY, "True", "False"), _ORDERED),
        (_change(_DEPTH, "0]", "1]"), _NOT_THERE),
        (_change(_DEPTH, "0]", "-1]"), _NOT_THERE),
        (_change(_KEYS, "False", "True"), _BY_ID),
        (_change(_CONTENT, '""', '"XX"'), "rows without another of their time are not compared by their content"),
        (_change(_TIE, '"tie', '"XXtie'), "the column is asked for together with the others, and its name by nobody"),
        (_change(_PARENTS, ' maintain_order="left"'), _ORDERED),
    ),
    "rules/registry": (
        (_change(_RULES, '"__', '"XX__'), "all who read this name read it here"),
        ("  @cache -> ", "the rules are gathered once more, which takes time and changes nothing"),
    ),
    "scenes": ((_change(_GRAPHS, "empty(0)", "empty( 1)"), "where there are no graphs, no part of them is taken"),),
    "splits": (
        (_change(_COMPONENTS, "False", "True"), _WEAK),
        (_change(_COMPONENTS, " directed=False"), _WEAK),
        (_change(_JOIN, ' how="left",'), _MATCHED),
        (_change(_JOIN, ' maintain_order="left"'), _ORDERED),
    ),
    "unite": (
        (_change(_BEST, "False", "True"), _SORTED),
        (_change(_GROUPED, "True", "False"), _SORTED),
        (_change(_GROUPED, " maintain_order=True"), _SORTED),
        (_change(_CHOSEN, "True", "False"), _SORTED),
        (_change(_CHOSEN, " maintain_order=True"), _SORTED),
        (_change(_BY_KEY, ' maintain_order="left"'), _SORTED),
    ),
}
