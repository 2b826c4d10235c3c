"""Names of the books of the Bible, as people cite verses by them: `John 3:16`, `1. Mose 1:26`."""

from __future__ import annotations

_NAMES = """
Gen(?:esis)?|Ex(?:od(?:us)?)?|Lev(?:iticus)?|Num(?:bers)?|Deut(?:eronomy)?|Josh(?:ua)?|Judges|Judg|Ruth|Sam(?:uel)?|Kings
Kgs|Chron(?:icles)?|Ezra|Neh(?:emiah)?|Esther|Job|Psalms?|Psa?|Prov(?:erbs)?|Eccl(?:es(?:iastes)?)?|Song\\s+of\\s+S\\w+|Isa(?:iah)?
Jer(?:emiah)?|Lam(?:entations)?|Ezek(?:iel)?|Dan(?:iel)?|Hos(?:ea)?|Joel|Amos|Obad(?:iah)?|Jonah|Mic(?:ah)?|Nahum|Hab(?:akkuk)?
Zeph(?:aniah)?|Hag(?:gai)?|Zech(?:ariah)?|Mal(?:achi)?|Matt?(?:hew)?|Mt|Mark|Mk|Luke|Lk|John|Jn|Acts|Rom(?:ans)?|Cor(?:inthians)?
Gal(?:atians)?|Eph(?:esians)?|Phil(?:ippians)?|Col(?:ossians)?|Thess(?:alonians)?|Tim(?:othy)?|Titus|Philemon|Heb(?:rews)?|James|Jas
Pet(?:er)?|Jude|Rev(?:elations?)?|Sirach|Tobit|Maccabees|Mos(?:e|es)|Psalmen|Spr\u00fcche|Jesaja|Jeremia|Hesekiel|Matth\u00e4us|Markus|Lukas
Johannes|Apostelgeschichte|R\u00f6mer|Korinther|Galater|Epheser|Philipper|Kolosser|Hebr\u00e4er|Jakobus|Petrus|Offenbarung|Mateo|Marcos
Lucas|Juan|Romanos|Corintios|Salmos?|Proverbios|Isa\u00edas|Jerem\u00edas|Apocalipsis|Hechos|G\u00e9nesis|\u00c9xodo|Jo\u00e3o|Mateus|Matthieu|Marc|Luc
Jean|Romains|Psaumes?|Proverbes|\u00c9sa\u00efe|Gen\u00e8se|Hebreos|Efesios|Filipenses|Hebreus|Nephi|Alma|Mosiah|Helaman
"""
#: A regular expression, without regard to case.
BOOKS = "|".join(_NAMES.split("\n")[1:-1])
