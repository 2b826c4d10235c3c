"""Near-duplicate comments of one post: TF-IDF as scikit-learn computes it, for many posts at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import numpy as np
import polars as pl
from scipy import sparse

#: Two comments repeat each other from this much below the threshold on. A computed cosine misses the exact one by some
#: 1e-15, by how much depends on the machine; exact ones do equal thresholds (1 for equal texts, 0.5), so that the bare
#: comparison would decide by rounding, but a billionth below a threshold there is nothing to decide.
TOLERANCE = 1e-9

#: Length of what a row leaves out when it looks for rows like it, as a share of the similarity asked for. Below 1 more
#: words are looked up and fewer pairs compared; 0.75 is fastest, or nearly so, for recorded and generated comments.
_LEFT_OUT = 0.75

#: What rounding may take off the sums of squares by which pairs are ruled out.
_SLACK = 1e-6

#: Texts that are turned into one matrix, in bytes, unless one post has more.
_BATCH_BYTES = 1 << 21

#: What one row of a batch takes besides its text, in bytes.
_ROW_BYTES = 64

#: Pairs of rows that are held at one time.
_PAIRS = 1 << 20

#: Entries of the matrix that are multiplied pair by pair at one time.
_ENTRIES = 1 << 21


def near_duplicates(texts: pl.Series, groups: np.ndarray, threshold: float) -> np.ndarray:
    """Find the comments that repeat a better comment on the same post.

    Going down a post, a comment is dropped if its similarity with a comment that was kept is at least the threshold.
    Similarity is the cosine of TF-IDF vectors, fitted on the comments of the one post as scikit-learn's
    ``TfidfVectorizer()`` does: lower case, words of two characters or more, ``ln((1 + n) / (1 + df)) + 1``.
    Comments that are equal in lower case always repeat each other; one without any word repeats only such.

    Args:
        texts: comments of many posts, best first within a post; a null counts as empty.
        groups: int64, one number for the rows of one post, which follow each other.
        threshold: cosine similarity, 0 to 1; less ``TOLERANCE``, so that rounding decides nothing.

    Returns:
        int64, a number a row: -1 where the row is kept, else the index of the kept row that it repeats, the best one.
    """
    repeats = np.full(len(texts), -1, dtype=np.int64)
    sizes = np.diff(np.flatnonzero(_changes(groups)), append=len(groups))
    rows = np.flatnonzero(np.repeat(sizes > 1, sizes))
    sizes = sizes[sizes > 1]
    candidates = texts.gather(rows).fill_null("")
    ends = np.concatenate(([0], np.cumsum(sizes)))
    costs = np.concatenate(([0], np.cumsum(candidates.str.len_bytes().to_numpy().astype(np.int64) + _ROW_BYTES)))
    for first, last in _cuts(np.diff(costs[ends]), _BATCH_BYTES):
        start, stop = int(ends[first]), int(ends[last])
        group = np.repeat(np.arange(last - first), sizes[first:last])
        found = _repeats(candidates[start:stop], group, threshold - TOLERANCE)
        dropped = np.flatnonzero(found >= 0)
        repeats[rows[start + dropped]] = rows[start + found[dropped]]
    return repeats


def _cuts(costs: np.ndarray, budget: int) -> Iterator[tuple[int, int]]:
    """Ranges of neighbours that cost at most the budget together; one that costs more is a range of its own."""
    spent = np.concatenate(([0], np.cumsum(costs)))
    start = 0
    while start < len(costs):
        stop = max(start + 1, int(np.searchsorted(spent, spent[start] + budget, side="right")) - 1)
        yield start, stop
        start = stop


def _repeats(texts: pl.Series, group: np.ndarray, limit: float) -> np.ndarray:
    """`near_duplicates` of a batch; equal texts are told apart here, so that only one of them is compared."""
    lowered = _lower(texts)
    places = pl.DataFrame({"group": group, "text": lowered, "place": np.arange(len(texts))})
    first = places.select(pl.col("place").first().over("group", "text")).to_series().to_numpy()
    distinct, number, copies = np.unique(first, return_inverse=True, return_counts=True)
    vectors = _tf_idf(lowered.gather(distinct), group[distinct], copies)
    similar = _similar(vectors, group[distinct], limit)
    stands_for = distinct[np.where(similar < 0, np.arange(len(distinct)), similar)][number]
    return np.where(stands_for == np.arange(len(texts)), -1, stands_for)


def _lower(texts: pl.Series) -> pl.Series:
    """The texts in lower case as Python writes it, whose Unicode is not that of Polars."""
    lowered = texts.str.to_lowercase()
    other = (texts.str.len_bytes() != texts.str.len_chars()).arg_true()
    return lowered.scatter(other, pl.Series([text.lower() for text in texts.gather(other)], dtype=pl.String))


@cache
def _words() -> str:
    r"""Rust's pattern for what Python finds with ``(?u)\b\w\w+\b``: runs of two or more of what is ``\w`` in Python.

    Rust's own ``\w`` takes combining marks in and leaves fractions out, some 13,000 characters that differ.
    """
    characters = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
    runs = (match.group() for match in re.finditer(r"\w+", characters))
    return "[" + "".join(rf"\x{{{ord(run[0]):X}}}-\x{{{ord(run[-1]):X}}}" for run in runs) + "]{2,}"


def _tf_idf(texts: pl.Series, group: np.ndarray, copies: np.ndarray) -> sparse.csr_array:
    """TF-IDF vectors of length 1, a row a text; a column is a word of one group, rarest words first.

    Args:
        texts: in lower case, each once in a group.
        group: ascending.
        copies: how many comments have the text.
    """
    words = texts.str.extract_all(_words())
    bounds = np.concatenate(([0], np.cumsum(words.list.len().to_numpy().astype(np.int64))))
    flat = words.explode(empty_as_null=False)
    vocabulary = flat.unique(maintain_order=True)
    codes = flat.cast(pl.Enum(vocabulary)).to_physical().to_numpy()
    occurrences = sparse.csr_array((np.ones(len(codes), np.int8), codes, bounds), shape=(len(texts), len(vocabulary)))
    by_word = occurrences.tocsc()  # rows ascend within a word, those of a row that has it twice side by side
    word, row = np.repeat(np.arange(len(vocabulary)), np.diff(by_word.indptr)), by_word.indices
    entries = np.flatnonzero(_changes(word) | _changes(row))
    counts = np.diff(entries, append=len(row))
    word, row = word[entries], row[entries]

    starts = np.flatnonzero(_changes(word) | _changes(group[row]))
    frequency = np.add.reduceat(copies[row], starts) if len(starts) else starts
    comments = np.bincount(group, weights=copies)[group[row[starts]]]
    idf = np.log((1 + comments) / (1 + frequency)) + 1
    ends = np.append(starts, len(row))
    weights = counts * np.repeat(idf, np.diff(ends))
    columns = sparse.csc_array((weights, row, ends), shape=(len(texts), len(starts)))
    rarest_first = np.argsort(np.minimum(frequency, 0xFFFF).astype(np.uint16), kind="stable")
    vectors = columns[:, rarest_first].tocsr()
    row = _rows(vectors)
    vectors.data /= np.sqrt(np.bincount(row, weights=vectors.data**2))[row]
    return vectors


def _changes(values: np.ndarray) -> np.ndarray:
    """Where a value differs from the one before it; at the first one too."""
    return np.concatenate(([True], values[1:] != values[:-1]))[: len(values)]


def _rows(matrix: sparse.csr_array) -> np.ndarray:
    """The row of every entry."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _similar(vectors: sparse.csr_array, group: np.ndarray, limit: float) -> np.ndarray:
    """For every row the first kept row of its group with at least that cosine; -1 where it is kept."""
    similar = np.full(vectors.shape[0], -1, dtype=np.int64)
    if limit <= 0:
        rows = np.flatnonzero(np.diff(vectors.indptr))
        _, first, number = np.unique(group[rows], return_index=True, return_inverse=True)
        similar[rows] = np.where(first[number] == np.arange(len(rows)), -1, rows[first[number]])
        return similar
    heads, tails = _heads(vectors, limit)
    shared_by = np.bincount(heads.indices, minlength=heads.shape[1])
    costs = np.bincount(_rows(heads), weights=shared_by[heads.indices], minlength=len(similar))
    for start, stop in _cuts(costs, _PAIRS):
        begin = int(np.searchsorted(group, group[start]))
        against = np.concatenate((begin + np.flatnonzero(similar[begin:start] < 0), np.arange(start, stop)))
        overlap = heads[start:stop] @ heads[against].T
        late, early = start + _rows(overlap), against[overlap.indices]
        possible = (early < late) & (overlap.data + np.maximum(tails[late], tails[early]) >= limit - _SLACK)
        late, early = late[possible], early[possible]
        near = _cosines(vectors, late, early) >= limit
        late, early = late[near], early[near]
        order = np.lexsort((early, late))
        for row, kept in zip(late[order].tolist(), early[order].tolist(), strict=True):
            if similar[row] < 0 and similar[kept] < 0:
                similar[row] = kept
    return similar


def _heads(vectors: sparse.csr_array, limit: float) -> tuple[sparse.csr_array, np.ndarray]:
    """The rare words of every row, by which alone it is compared, and the length of the rest of its vector.

    The rest is shorter than the limit. Of two rows take the one whose head ends first: words that both have are in
    both heads, or in its rest. So the cosine is at most the product of the heads and the length of that rest, and
    rows whose heads share no word stay below the limit. This is the prefix filter of Bayardo, Ma and Srikant,
    "Scaling up all pairs similarity search" (2007), with lengths in place of their bounds.
    """
    row = _rows(vectors)
    squares = vectors.data**2
    from_here = np.cumsum(squares[::-1])[::-1]
    tail = from_here - np.append(from_here, 0.0)[vectors.indptr[1:]][row]
    head = tail >= (_LEFT_OUT * limit) ** 2 - _SLACK
    tails = np.sqrt(np.bincount(row[~head], weights=squares[~head], minlength=vectors.shape[0]))
    head &= np.bincount(vectors.indices)[vectors.indices] > 1
    ends = np.cumsum(np.bincount(row[head], minlength=vectors.shape[0]))
    heads = (vectors.data[head], vectors.indices[head], np.concatenate(([0], ends)))
    return sparse.csr_array(heads, shape=vectors.shape), tails


def _cosines(vectors: sparse.csr_array, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The cosine of every pair of rows."""
    cosines = np.empty(len(left))
    lengths = np.diff(vectors.indptr)
    for start, stop in _cuts(lengths[left] + lengths[right], _ENTRIES):
        cosines[start:stop] = vectors[left[start:stop]].multiply(vectors[right[start:stop]]).sum(axis=1)
    return cosines
