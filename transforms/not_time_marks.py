"""What tells that `2:31` is no moment of a video: words around times of day, scores, ratios, verses and durations.

Expressions of English, and the commonest of German, French, Spanish, Portuguese, Russian, Chinese, Japanese and Korean.
"""

from __future__ import annotations

import re

#: Books of the Bible, as people cite verses by them: `John 3:16`, `1. Mose 1:26`.
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
_BOOKS = "|".join(_NAMES.split("\n")[1:-1])

_ZONES = "UTC|GMT|CES?T|E[SD]?T|P[SD]?T|C[SD]T|M[SD]T|BST|IST|JST|KST|AE[SD]T|MSK|\u043c\u0441\u043a|WIB|SGT"
_DAYS = (
    "(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?"
    "|(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)s?"
    "|lunes|martes|mi\u00e9rcoles|jueves|viernes|s\u00e1bado|domingo"
    "|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
)
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_WHEN = "today|tonight|tomorrow|yesterday|noon|midnight|heute|morgen|gestern|hoy|ayer|demain|hier|aujourd'hui"
#: What follows `am` where it is the verb, as in `at 1:30 am i the only one`.
_AM_I = (
    "the|not|going|crazy|just|so|blind|dumb|missing|hearing|seeing|wrong|only|really|right|high|weird|stupid|insane"
    "|tripping|deaf|alone|imagining|supposed|mistaken|losing|being"
)
_PART_OF_DAY = "night|morning|evening|afternoon"

#: What follows a time that is none of the video. `(?-i:...)` heeds case.
AFTER = re.compile(
    r"\s?(?:min\b\.?)?[)\]*_]*\s*(?:"
    + "|".join(
        (
            rf"(?-i:AM|PM)\b|[ap]\.\s?m\b|pm\b|am\b(?!\s+i\b\s+(?:{_AM_I})\b)",
            r"uhr\b|o'?\s?clock\b|hs\b|hrs?\b|hours?\b|h\b|heures?\b|horas?\b|stunden\b",
            rf"(?-i:{_ZONES})\b|(?:local|your|my|our|their)\s+time\b",
            rf"in\s+the\s+(?:{_PART_OF_DAY})\b|(?:at|last|this|every|each)\s+(?:{_PART_OF_DAY})\b",
            r"(?:de|por|en)\s+la\s+(?:tarde|noche|ma\u00f1ana|madrugada)\b|(?:du|ce)\s+(?:soir|matin)\b",
            r"da\s+(?:noite|manh\u00e3|tarde)\b",
            r"(?:\u0443\u0442\u0440\u0430|\u0432\u0435\u0447\u0435\u0440\u0430|\u0434\u043d\u044f|\u043d\u043e\u0447\u0438)\b",
            rf"(?:on\s+|,\s*)?(?:{_DAYS})\b|(?:{_WHEN})\b|every\s?day\b|daily\b",
            r"(?:long|left|remaining|ago|later|earlier)\b|to\s+go\b|on\s+the\s+clock\b|to\s+yuma\b",
            r"(?:minutes?|mins?|seconds?|secs?)\s+(?:long|left|remaining|ago|later|of)\b",
            r"(?:aspect|ratio|scale|odds|model|diecast|replica|monitors?|displays?|screens?|resolution)\b",
            r"(?:mile|marathon|pace|split|lap|finish)\b|per\s+(?:mile|km|lap)\b|/\s?(?:mi|km)\b",
            r"(?:win|loss|victory|defeat|lead|score|scoreline|sieg|niederlage)\b",
        )
    )
    + ")",
    re.IGNORECASE,
)

_DATES = (
    rf"(?:{_DAYS}|{_WHEN}|(?:{_MONTHS})\.?\s+[0-9]{{1,2}}(?:st|nd|rd|th)?(?:,?\s+[0-9]{{4}})?)[\s,]*(?:at|@|um|a\s+las|\u00e0|-)?",
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}[\s,T]*(?:at|@)?",
    r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{2}){1,2}[\s,]*(?:at|@)?",
)
_CLOCKS = (
    (
        r"(?:it'?s|it\u2019s|it\s+is|es\s+ist)"
        r"(?:\s+(?:now|only|already|about|almost|nearly|like|literally|currently|past|around))?"
    ),
    r"(?:a|son|sobre)\s+las?",
    (
        r"(?:alarm|clock|bedtime|wake\s+up|woke\s+up|awake|(?:fell|go(?:ing)?\s+to)\s+(?:asleep|sleep|bed)|closes?|opens?)"
        r"(?:\s+(?:at|from|until|till|for|says|said|is|to))*"
    ),
    (
        r"(?:departs?|arrives?|leaves?|(?:train|bus|flight|class|shift|meeting|church|curfew)"
        r"(?:\s+(?:is|starts|leaves|departs|begins|was))?)(?:\s+at)?"
    ),
)
_SCORES = (
    (
        r"(?:won|wins?|lost|loses?|lose|beat|beats|beaten|score(?:d|s|line)?|final|finished|ended|leads?|leading|led"
        r"|trail(?:s|ed|ing)?|draw|drew|tied|defeat(?:ed|s)?|thrashed|crushed|gewinnt|gewonnen|gewann|verloren|verlor"
        r"|gewinnen|stand|steht|ergebnis|gan\u00f3|perdi\u00f3|marcador)"
        r"(?:\s+(?:was|is|were|it|by|the|them|us|him|her|a|game|match|set|in|at|with|es|of|to|be|mit|gegen|(?-i:[A-Z]\w+))){0,4}"
    ),
)
_RATIOS = (
    (
        r"(?:ratios?|scale|odds|aspect|proportions?|diluted?|dilution|mix(?:ed)?|ma\u00dfstab|escala|model|gear(?:ing)?|diecast)"
        r"(?:\s+(?:of|is|was|at|to|it|in|about|ratio|with|a|the)){0,3}"
    ),
)
_DURATIONS = (
    (
        r"(?:took|takes|last(?:s|ed)?|for|within|under|sub|duration|length|runtime|long|pace|pb|pr|wr|personal\s+best"
        r"|world\s+record|(?:lap|finish(?:ing)?|best|race|split|run)\s+time|time\s+of|times?\s+was|record|splits?|clocked"
        r"|ran\b.{0,20}?|mile\b.{0,12}?|marathon\b.{0,12}?|[0-9]+\s?(?:k|km|m)\b.{0,12}?)"
        r"(?:\s+(?:was|is|of|in|me|him|about|around|at|a|an|only|the)){0,3}"
    ),
)
_VERSES = (
    (
        r"(?:chapter|ch\.?|verses?|vv?\.?|scripture|bible|surah?|sura|sure|qur'?an|koran|ayah?|gita|hadith)"
        r"[\s:]*(?:[A-Za-z'-]+\s)?"
    ),
)
#: What stands before such a time, up to it.
BEFORE = re.compile(
    r"(?:\b(?:"
    + "|".join((*_DATES, *_CLOCKS, *_SCORES, *_RATIOS, *_DURATIONS, *_VERSES))
    + r")|(?:\u4e0a\u5348|\u4e0b\u5348|\u665a\u4e0a|\u65e9\u4e0a|\u51cc\u6668)"
    + r"|(?:\u5348\u524d|\u5348\u5f8c|\uc624\uc804|\uc624\ud6c4)"
    + rf"|(?<![a-z])(?:[1-4]|I{{1,3}}|1st|2nd|3rd|first|second|third)?[\s.]*(?:{_BOOKS})\.?"
    + r""")[\s:,(\[*_~"'-]*$""",
    re.IGNORECASE,
)
