"""One address for each resource: a batch of URLs as people wrote them into their canonical form.

Most addresses of an archive are written plainly; those take the short way. The odd ones (entities, escapes, blanks,
other alphabets, a missing scheme) are first brought to a plain spelling. Then whatever concerns a host is decided once
for each host of the batch, sites with many shapes of address fold theirs (`blift.transforms.urls.sites`), and all other
addresses have path and query put in order. An address that only leads to another starts again as that one.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from itertools import chain
from urllib.parse import quote, unquote

import polars as pl

from blift.schemas.urls import LEADS_TO
from blift.transforms.urls.sites import NO_SKINS, PLATFORMS, SITES, SKINS, TRACKING, TRACKING_ON

#: How often an address may be escaped over, or lead to another; more is noise, and gives null.
_ROUNDS = 8

_UNRESERVED = string.ascii_letters + string.digits + "-._~"
_HEX = string.digits + "abcdefABCDEF"

#: An address that needs no respelling.
_PLAIN = r"^https?://[A-Za-z0-9_.-]+(?::\d+)?(?:/[A-Za-z0-9._~/?#@!$&()*+,:=-]*)?$"

#: The commonest addresses of the archives in their plainest spelling, and their forms: the long way gives the same.
_QUICK = tuple(chain.from_iterable(urls.quick for urls in PLATFORMS))

#: What may stand before the host.
_SCHEME = r"^[(\[*']*(?i:(?:https?:/*)+|//+)"
_BARE_HOSTS = "|".join([r"imgur\.com", *(urls.bare_hosts for urls in PLATFORMS if urls.bare_hosts)])
_NO_SCHEME = rf"^[(\[*']*((?i:www\.|(?:[a-z]+\.)?(?:{_BARE_HOSTS})/))"
_RELATIVE = tuple(chain.from_iterable(urls.relative for urls in PLATFORMS))
_ESCAPED_SCHEME = r"^(?i:https?)%(?:25)*3A"

#: Blanks, invisible marks and quotes around an address.
_WRAPPING = "".join(map(chr, range(0x21))) + '\x7f\u00a0\u200b\u200c\u200d\u2060\ufeff"<>`\u201c\u201d'

#: What may end an address, or a part of it, without belonging to it; brackets only where none opens.
_JUNK = r"(?:[,;'*]|%20|%22|%3C|%3E|%60)+$"
_JUNK_AND_BRACKETS = r"(?:[,;'*)\]]|%20|%22|%3C|%3E|%60)+$"


def _entities() -> dict[str, str]:
    table = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&nbsp;": " ", "&#x200b;": "", "&#8203;": ""}
    for code in range(0x20, 0x7F):
        table |= dict.fromkeys((f"&#{code};", f"&#{code:03};", f"&#x{code:x};"), chr(code))
    return table


def _escapes() -> dict[str, str]:
    """RFC 3986, 6.2.2: unreserved characters bare, hex digits upper; what may not stand in an address escaped."""
    table = {}
    for first in _HEX:
        for second in _HEX:
            char = chr(int(first + second, 16))
            table[f"%{first}{second}"] = char if char in _UNRESERVED else f"%{first}{second}".upper()
    table |= {"\\_": "_", "\\": "/", "\t": "", "\n": "", "\r": "", "%": "%25"}
    illegal = [chr(code) for code in (*range(0x21), 0x7F)] + list('"<>^`{|}')
    return table | {char: f"%{ord(char):02X}" for char in illegal if char not in table}


_ENTITIES = _entities()
_ESCAPES = _escapes()
_UNESCAPES = {f"%{code:02X}": chr(code) for code in range(0x20, 0x7F)}


def canonical(urls: pl.Series) -> pl.Series:
    """The canonical form of each address; null for what is none (see `blift.transforms.urls.canonical_url`)."""
    rows = urls.cast(pl.String).rename("url").to_frame().with_row_index("row")
    quick = rows["url"].str.contains("|".join(shape for shape, _ in _QUICK)).fill_null(value=False)
    quick_form = pl.col("url")
    for shape, replacement in _QUICK:
        quick_form = quick_form.str.replace(shape, replacement)
    pending, done = rows.filter(~quick).drop_nulls(), [rows.filter(quick).select("row", form=quick_form)]
    for _ in range(_ROUNDS):
        if pending.is_empty():
            break
        resolved = _resolve(pending)
        leads = pl.col("form").str.starts_with(LEADS_TO)
        done.append(resolved.filter(~leads))
        target = _replaced(pl.col("form").str.strip_prefix(LEADS_TO), _UNESCAPES)
        pending = resolved.filter(leads).select("row", url=target)
    forms = rows.select("row").join(pl.concat(done), on="row", how="left", maintain_order="left")
    return forms["form"].rename(urls.name)


def _replaced(text: pl.Expr, table: Mapping[str, str], *, any_case: bool = False) -> pl.Expr:
    return text.str.replace_many(list(table), list(table.values()), ascii_case_insensitive=any_case, leftmost=True)


def _resolve(rows: pl.DataFrame) -> pl.DataFrame:
    """``row, url`` to ``row, form``: the canonical address, or the target of one that leads elsewhere."""
    plain = rows["url"].str.contains(_PLAIN)
    rows = pl.concat([rows.filter(plain), _respelled(rows.filter(~plain))])
    after = (
        pl.when(pl.col("url").str.starts_with("https"))
        .then(pl.col("url").str.slice(8))
        .otherwise(pl.col("url").str.slice(7))
    )
    rows = rows.select("row", after=after).with_columns(slash=pl.col("after").str.find("/", literal=True))
    rows = rows.select(
        "row",
        authority=pl.col("after").str.slice(0, pl.col("slash")),
        rest=pl.when(pl.col("slash").is_null()).then(pl.lit("/")).otherwise(pl.col("after").str.slice(pl.col("slash"))),
    )
    hosts = _hosts(rows["authority"].unique())
    rows = _folded(rows.join(hosts, on="authority").select("row", "host", "site", "rest"))
    found = ~pl.col("rest").str.starts_with("/")
    # What no shape matched is put in order, and may match one then.
    pages = _folded(_ordered(rows.filter(~found)))
    address = pl.concat_str(pl.lit("https://"), "host", "rest")
    return pl.concat(
        [
            rows.filter(found).select("row", form="rest"),
            pages.select("row", form=pl.when(found).then("rest").otherwise(address)),
        ]
    )


def _respelled(rows: pl.DataFrame) -> pl.DataFrame:
    """Odd addresses as `https://host/...` in plain ASCII, without entities or needless escapes; no row for the rest."""
    url = pl.col("url")
    for _ in range(_ROUNDS):
        before = rows
        rows = rows.with_columns(url.str.strip_chars(_WRAPPING).str.replace_all(r"&(?i:amp;)+", "&"))
        rows = rows.with_columns(_replaced(url, _ENTITIES, any_case=True))
        rows = rows.with_columns(_replaced(url, _ESCAPES))
        rows = _in_ascii(rows)
        rows = rows.with_columns(
            pl.when(url.str.contains(_ESCAPED_SCHEME)).then(_replaced(url, _UNESCAPES)).otherwise(url)
        )
        if rows.equals(before):
            break
    stable = rows.filter(rows["url"] == before["url"])
    spelled = url
    for shape, whole in _RELATIVE:
        spelled = spelled.str.replace(shape, whole)
    spelled = (
        spelled.str.replace(_NO_SCHEME, "https://$1")
        .str.replace(_SCHEME, "https://")
        .str.replace(r"^(https://[^/?#]*)([?#])", "$1/$2")
    )
    return stable.with_columns(spelled).filter(url.str.starts_with("https://"))


def _in_ascii(rows: pl.DataFrame) -> pl.DataFrame:
    """Other alphabets percent-encoded. Rare, and so row by row."""
    urls = rows["url"]
    foreign = (urls.str.len_bytes() != urls.str.len_chars()).arg_true()
    encoded = [quote(url, safe=string.printable) for url in urls.gather(foreign)]
    return rows.with_columns(urls.scatter(foreign, encoded)) if encoded else rows


def _hosts(authorities: pl.Series) -> pl.DataFrame:
    """``authority, host, site`` for each authority that is valid: no user, no default port, no skin."""
    name = pl.col("authority").str.replace(r"^.*@", "").str.to_lowercase()
    foreign = pl.col("name").str.contains("%", literal=True)
    hosts = authorities.rename("authority").to_frame().with_columns(name=name)
    ascii_name = pl.col("name").map_elements(_in_idna, return_dtype=pl.String)
    hosts = pl.concat([hosts.filter(~foreign), hosts.filter(foreign).with_columns(name=ascii_name)])
    hosts = hosts.select(
        "authority",
        host=pl.col("name").str.extract(r"^((?:[a-z0-9_-]+\.)+[a-z0-9_-]+|\[[0-9a-f:.]+\])\.?(?::\d*)?$"),
        port=pl.col("name").str.extract(r":0*([1-9]\d*)$"),
    ).drop_nulls("host")
    bare = pl.col("host")
    for skin, host in SKINS:
        bare = pl.when(pl.col("host").is_in(NO_SKINS)).then("host").otherwise(bare.str.replace(skin, host))
    hosts = hosts.with_columns(host=bare).with_columns(site=_site(pl.col("host")))
    port = pl.when(~pl.col("port").is_in(["80", "443"])).then(pl.lit(":") + pl.col("port")).fill_null("")
    return hosts.select("authority", pl.col("host") + port, "site")


def _in_idna(name: str) -> str | None:
    """A host of another alphabet as the name system spells it; null for one that it could not."""
    try:
        return unquote(name, errors="strict").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None


def _site(host: pl.Expr) -> pl.Expr:
    """The place in ``SITES`` of the site that a host belongs to, else null."""
    site = pl.lit(None, dtype=pl.UInt8)
    for number, candidate in reversed(list(enumerate(SITES))):
        of_site = host.str.contains(rf"^(?:{candidate.hosts})$")
        site = pl.when(of_site).then(pl.lit(number, dtype=pl.UInt8)).otherwise(site)
    return site


def _folded(rows: pl.DataFrame) -> pl.DataFrame:
    """``rest`` becomes the address it stands for, where it has a shape that its site is known for."""
    parts = [rows.filter(pl.col("site").is_null())]
    # Only the sites that are there: for a small batch, compiling patterns is most of the work.
    for number in rows["site"].drop_nulls().unique():
        site, rest = SITES[number], pl.col("rest")
        folded = rest
        if site.ignores_case:
            folded = folded.str.to_lowercase()
        for shape, form in site.shapes:
            folded = folded.str.replace(shape, form)
        known = pl.when(folded.str.starts_with("/")).then(rest).otherwise(folded)
        parts.append(rows.filter(pl.col("site") == number).with_columns(known))
    return pl.concat(parts)


def _ordered(rows: pl.DataFrame) -> pl.DataFrame:
    """``rest`` without fragment, its path and query in order."""
    path = pl.col("rest").str.extract(r"^([^?#]*)").str.replace_all(r"([^:])/{2,}", "$1/")
    path = pl.lit("/") + _without_junk(path.str.strip_chars_start("/"), before=r"/")
    rows = rows.with_columns(path=path, query=pl.col("rest").str.extract(r"^[^?#]*\?([^#]+)"))
    queries = _queries(rows.drop_nulls("query"))
    rows = rows.drop("query").join(queries, on="row", how="left", maintain_order="left")
    rest = pl.concat_str("path", pl.col("query").fill_null(""))
    return rows.select("row", "host", "site", rest=rest)


def _without_junk(text: pl.Expr, before: str = "") -> pl.Expr:
    """Drop what ends a part of an address without belonging to it, and ``before`` wherever it stands among that."""
    bracketed = text.str.contains_any(["(", "["])
    stripped = text.str.replace(_JUNK.replace("[", f"[{before}"), "")
    return (
        pl.when(bracketed)
        .then(stripped)
        .otherwise(text.str.replace(_JUNK_AND_BRACKETS.replace("[", f"[{before}", 1), ""))
    )


def _queries(rows: pl.DataFrame) -> pl.DataFrame:
    """``row, query`` with its question mark: parameters sorted, without those that only track."""
    # A bare `;` could read as the end of an entity once the parameters have moved.
    parameter = pl.col("query").str.replace(r"^(?:amp;)+", "")
    parameter = _without_junk(parameter).str.replace_all(";", "%3B", literal=True)
    rows = rows.select("row", "host", pl.col("query").str.split("&")).explode("query").with_columns(parameter)
    tracks = pl.col("query").str.contains(_named(TRACKING)) | (pl.col("query") == "")
    for host, names in TRACKING_ON.items():
        here = (pl.col("host") == host) | pl.col("host").str.ends_with("." + host)
        tracks |= here & pl.col("query").str.contains(_named(names))
    kept = rows.filter(~tracks).sort("row", "query").group_by("row", maintain_order=True)
    return kept.agg(query=pl.lit("?") + pl.col("query").str.join("&"))


def _named(names: tuple[str, ...]) -> str:
    return rf"^(?i:{'|'.join(names)})(?:=|$)"
