"""Personal data in text, found and replaced by rule: e-mail addresses, phone numbers, mentions of users."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pyarrow as pa

from blift.transforms.personal_data import Pattern, rules_of

#: Times a text is gone over: what a replacement leaves may read as another match.
_PASSES = 4


def redact(table: pa.Table) -> tuple[pa.Table, Counter[str]]:
    """The table with personal data replaced in all texts, nested ones too, and how much was found of each kind.

    Types, nulls and all other values stay. Doing it again changes nothing and finds nothing.
    """
    found: Counter[str] = Counter()
    columns = [
        _redacted(column.combine_chunks(), field.name, found)
        for column, field in zip(table.columns, table.schema, strict=True)
    ]
    return pa.Table.from_arrays(columns, schema=table.schema), found


def _redacted(values: pa.Array | pa.ChunkedArray, name: str, found: Counter[str]) -> pa.Array:
    """An array of any type, with its texts redacted by the rules of the nearest name."""
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        rules = rules_of(name)
        return _replaced(values, rules, found) if rules else values
    if pa.types.is_list(kind):
        inner = _redacted(values.flatten(), name, found)
        return pa.ListArray.from_arrays(_offsets(values), inner, type=kind, mask=values.is_null())
    if pa.types.is_struct(kind):
        members = [_redacted(member, field.name, found) for member, field in zip(values.flatten(), kind, strict=True)]
        return pa.StructArray.from_arrays(members, fields=list(kind), mask=values.is_null())
    return values


def _offsets(lists: pa.ListArray) -> pa.Array:
    """Offsets into the flattened values, which leave out what null lists and slices hide."""
    lengths = pl.Series(lists.value_lengths().fill_null(0)).cast(pl.Int64)
    return (
        pa.array([0], pa.int32())
        if not len(lists)
        else pa.concat_arrays([pa.array([0], pa.int32()), lengths.cum_sum().cast(pl.Int32).to_arrow().cast(pa.int32())])
    )


def _replaced(values: pa.Array, rules: tuple[Pattern, ...], found: Counter[str]) -> pa.Array:
    """The texts with what the rules find replaced. A text in which none finds anything is looked at once."""
    texts = pl.Series(values, dtype=pl.String)
    places = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
    changed = False
    for _ in range(_PASSES):
        part, matched, again = texts.gather(places), [], False
        for rule in rules:
            where = _matching(part, rule)
            if where.is_empty():
                continue
            matched.append(where)
            before = part.gather(where)
            after = before.str.replace_all(rule.regex, rule.put)
            if not after.equals(before):
                found[rule.kind] += int(before.str.count_matches(rule.regex).sum())
                part, again = part.scatter(where, after), True
        if not again:
            break
        texts, changed = texts.scatter(places, part), True
        places = places.gather(pl.concat(matched).unique().sort())
    return texts.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(values.type) if changed else values


def _matching(texts: pl.Series, rule: Pattern) -> pl.Series:
    """Where a rule finds something."""
    if rule.needs is None:
        return texts.str.contains(rule.regex).fill_null(value=False).arg_true()
    near = texts.str.contains(rule.needs).fill_null(value=False).arg_true()
    return near.filter(texts.gather(near).str.contains(rule.regex))
