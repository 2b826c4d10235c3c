"""What is known of hosts: their skins, the shapes their addresses come in, what only tracks, what they show.

Patterns are of the Rust crate `regex` (no look-around). Facts about imgur, vimeo, redgifs and streamable
follow the ``_VALID_URL`` of yt-dlp's extractors. What is known of platforms stands in their rows.
"""

from __future__ import annotations

from itertools import chain

from blift.schemas.platform import platforms
from blift.schemas.urls import END, LEADS_TO, TARGET, Site

_IMGUR_FILE = r"^/+(?:r/[^/]+/+)?(?:[^/?#]*-)?(?:([A-Za-z0-9]{7})[sbtmlh]|([A-Za-z0-9]+))(?:_d)?"
#: Ends the address of a still picture.
_STILL = r"(?:jpe?g|png|webp)(?:[?#].*)?$"
# Pages of the site itself, as long as an id.
_IMGUR_PAGE = r"imgur\.com/(?:about|gallery|login|memegen|privacy|rules|tools)$"

# The picture that stands for all that was removed, and is none of a post's.
_IMGUR_REMOVED = r"(?:i\.)?imgur\.com/removed(?:\.\w+)?$"


#: The addresses of platforms, which their rows describe.
PLATFORMS = tuple(row.urls for row in platforms().values())

#: Hosts of media that are no platforms of ours, and what only leads elsewhere.
_OWN = (
    Site(
        r"(?:[im]\.)?imgur\.(?:com|io)",
        (
            (r"^/+(a|gallery)/+(?:[^/?#]*-)?([A-Za-z0-9]+)(?:[^A-Za-z0-9].*)?$", "https://imgur.com/$1/$2"),
            (r"^/+(?:t|topic)/+[^/?#]+/+(?:[^/?#]*-)?([A-Za-z0-9]+)(?:[/?#].*)?$", "https://imgur.com/gallery/$1"),
            # One id has one file: it answers with that, whichever picture (or film) extension is asked for.
            (rf"{_IMGUR_FILE}\.(?i:gifv?|mp4|webm){END}", "https://i.imgur.com/$1$2.mp4"),
            (rf"{_IMGUR_FILE}\.(?i:jpe?g|png|webp|bmp|tiff?){END}", "https://i.imgur.com/$1$2.jpg"),
            (
                r"^/+(?:r/+[^/]+/+)?(?:[^/?#]*-)?([A-Za-z0-9]{7}|[A-Za-z0-9]{5})/*(?:(?:new|embed)/*)?(?:[?#].*)?$",
                "https://imgur.com/$1",
            ),
        ),
        group="imgur",
    ),
    Site(
        r"(?:[\w-]+\.)*gfycat\.com",
        (
            # A still picture of an animation is a picture of its own.
            (rf"^/+([a-z]{{9,}})-[a-z0-9_]+\.{_STILL}", "https://thumbs.gfycat.com/$1-poster.jpg"),
            (rf"^/+(?:(?:[a-z]{{2}}|gifs|detail|ifr|@[^/]+)/+)*([a-z]{{9,}})(?:-[^/]*)?{END}", "https://gfycat.com/$1"),
        ),
        group="gfycat",
        ignores_case=True,
    ),
    Site(
        r"(?:[\w-]+\.)*(?:redgifs|gifdeliverynetwork)\.com",
        (
            (rf"^/+([a-z]{{9,}})-[a-z0-9_]+\.{_STILL}", "https://thumbs2.redgifs.com/$1-poster.jpg"),
            (
                rf"^/+(?:watch/+|ifr/+|gifs/+detail/+)?([a-z]{{9,}})(?:-[^/]*)?{END}",
                "https://redgifs.com/watch/$1",
            ),
        ),
        group="redgifs",
        ignores_case=True,
    ),
    Site(
        r"(?:[\w-]+\.)?giphy\.com",
        (
            (
                rf"^/+(?:(?:gifs|embed|media|clips)/+)?(?:v1\.[^/]+/+)?(?:[^/?#]*-)?([A-Za-z0-9]{{10,}}){END}",
                "https://giphy.com/gifs/$1",
            ),
        ),
        group="giphy",
    ),
    Site(
        r"streamable\.com",
        ((rf"^/+(?:[eos]/+)?([A-Za-z0-9]{{3,8}}){END}", "https://streamable.com/$1"),),
        "streamable",
    ),
    Site(
        r"(?:player\.)?vimeo\.com",
        (
            (
                (
                    r"^/+(?:(?:channels|groups|album|showcase)/+[^/?#]+/+(?:videos?/+)?|(?:m|hd|videos?|staffpicks)/+"
                    rf"|[^/?#]+/+review/+)?(\d+){END}"
                ),
                "https://vimeo.com/$1",
            ),
            (rf"^/+[^?#]*\?(?:.*?&)?clip_id=(\d+){END}", "https://vimeo.com/$1"),
        ),
        group="vimeo",
    ),
    Site(
        r"(?:[\w-]+\.)?dailymotion\.com",
        (
            (r"^/+thumbnail/+(?:[0-9x]+/+)?video/+([A-Za-z0-9]+).*$", "https://www.dailymotion.com/thumbnail/video/$1"),
            (r"^/+(?:[^?#]*/)?(?:video|swf)/+([A-Za-z0-9]+)(?:[^A-Za-z0-9].*)?$", "https://dailymotion.com/video/$1"),
        ),
        group="dailymotion",
    ),
    Site(r"dai\.ly", ((rf"^/+([A-Za-z0-9]+){END}", "https://dailymotion.com/video/$1"),), group="dailymotion"),
    Site(
        r"clips\.twitch\.tv",
        ((rf"^/+(?:embed/*\?(?:.*?&)?clip=|[^/?#]+/+)?([\w-]+){END}", "https://clips.twitch.tv/$1"),),
        group="twitch",
    ),
    Site(
        r"(?:[\w-]+\.)?twitch\.tv",
        (
            (rf"^/+(?:[^/?#]+/+)?clip/+([\w-]+){END}", "https://clips.twitch.tv/$1"),
            (rf"^/+(?:[^/?#]+/+)?(?:videos|video|v)/+v?(\d+){END}", "https://twitch.tv/videos/$1"),
        ),
        group="twitch",
    ),
    Site(
        r"pbs\.twimg\.com",
        ((rf"^/+media/+([\w-]+)(?:\.|/*\?(?:.*?&)?format=)([a-z]+){END}", "https://pbs.twimg.com/media/$1.$2"),),
    ),
    Site(
        r"(?:[\w-]+\.)*google\.[a-z]{2,3}(?:\.[a-z]{2})?",
        (
            (rf"^/+(?:url|imgres)/*\?(?:.*?&)?(?:q|url|imgurl)={TARGET}", rf"{LEADS_TO}$1"),
            (rf"^/+[^?#]*\?(?:.*?&)?continue={TARGET}", rf"{LEADS_TO}$1"),
            (r"^/+amp/+s/+(.+)$", rf"{LEADS_TO}https://$1"),
        ),
    ),
    Site(r"(?:lm?\.)?facebook\.com|l\.instagram\.com", ((rf"^.*?[?&]u={TARGET}", rf"{LEADS_TO}$1"),)),
    # A copy of a page is a page of its own; but a video has its number, wherever its page is kept.
    Site(
        r"web\.archive\.org|web-beta\.archive\.org",
        tuple(
            (
                rf"^/+web/+[^/]+/+(?:https?:/*)?((?:[\w-]+\.)*(?:{urls.archived_hosts})[:/?].*)$",
                rf"{LEADS_TO}https://$1",
            )
            for urls in PLATFORMS
            if urls.archived_hosts
        ),
    ),
)

SITES = (*chain.from_iterable(urls.sites for urls in PLATFORMS), *_OWN)

#: Hosts that begin as a skin does, and are none.
NO_SKINS = ("m.media-amazon.com", "m.wsj.net")

#: Skins of a host, in this order.
SKINS = (
    (r"^(?:(?:www|m|mobile)\.)+([^.]+\.[^.].*)$", "$1"),
    (r"^([a-z-]+)\.m\.(wik[a-z]+\.org)$", "$1.$2"),
    *chain.from_iterable(urls.skins for urls in PLATFORMS),
)

#: Parameters that only say how somebody came to a page, on any host (patterns for the whole name, any case).
TRACKING = (
    *(
        r"utm_.*",
        "utm",
        "fbclid",
        "gclid",
        "gclsrc",
        "dclid",
        "gbraid",
        "wbraid",
        "msclkid",
        "twclid",
        "ttclid",
        "yclid",
    ),
    *(
        "igshid",
        "igsh",
        "mc_cid",
        "mc_eid",
        "mkt_tok",
        "_ga",
        "_gl",
        "_hsenc",
        "_hsmi",
        "vero_id",
        "oly_enc_id",
        "wt_mc",
    ),
    *(
        "ref",
        "ref_",
        "ref_src",
        "ref_url",
        "ref_source",
        "referrer",
        "share_id",
        "cmpid",
        "cmp",
        "ncid",
        "icid",
        "ocid",
    ),
    *("spm", "xtor", "s_cid", "guccounter", "guce_referrer", "guce_referrer_sig", "fb_action_.*", "fb_source"),
)

#: Those that track on one host (and those under it), and may name something elsewhere.
TRACKING_ON = {
    **{host: names for urls in PLATFORMS for host, names in urls.tracking.items()},
    "twitter.com": ("s", "t", "cxt", "lang"),
    "x.com": ("s", "t", "cxt", "lang"),
    "tiktok.com": (".*",),
    "instagram.com": (".*",),
    "spotify.com": ("si", "context", "nd"),
    "nytimes.com": (
        "smid",
        "smtyp",
        "partner",
        "emc",
        "ei",
        "en",
        "ex",
        "hp",
        "_r",
        "module",
        "pgtype",
        "mtrref",
        "unlocked_article_code",
    ),
    "washingtonpost.com": ("hpid", "tid", "itid", "wpisrc", "wpmm", "nid"),
    "theguardian.com": ("fb", "gusrc"),
    "guardian.co.uk": ("fb", "gusrc"),
    "bbc.co.uk": ("ns_.*", "at_.*"),
    "bbc.com": ("ns_.*", "at_.*"),
    "facebook.com": ("__tn__", "__xts__.*", "__cft__.*", "mibextid", "hc_.*"),
    "amazon.com": ("tag", "linkcode", "psc", "qid", "sr", "keywords", "pf_rd_.*", "pd_rd_.*", "camp", "creative"),
}

_KINDS = {
    # A wiki's page about a picture is named as the picture is; Dropbox and hosts of code show a file inside a page.
    "page": (
        *(r"[^/]+/(?:w|wiki)/(?:.*:)", r"dropbox\.com/s/.*\?dl=0", _IMGUR_PAGE, _IMGUR_REMOVED),
        *(r"github\.com/[^/]+/[^/]+/(?:blob|tree)/[^?]*$", r"huggingface\.co/.*/blob/", r"gitlab\.com/.*/-/blob/"),
        *(r"bitbucket\.org/[^/]+/[^/]+/src/[^?]*$", r"codeberg\.org/[^/]+/[^/]+/src/"),
    ),
    "gallery": (
        r"imgur\.com/(?:a|gallery)/",
        r"imgur\.com/[A-Za-z0-9]{5,7}(?:,[A-Za-z0-9]{5,7})+$",
        r"flickr\.com/photos/[^/]+/(?:sets|albums)/",
    ),
    "gif": (r"i\.imgur\.com/[^/]+\.mp4$", r"gfycat\.com/[a-z]{9,}$", r"giphy\.com/gifs/[A-Za-z0-9]{10,}$"),
    "video": (
        *(
            r"vimeo\.com/\d+$",
            r"streamable\.com/\w{3,8}$",
        ),
        *(r"dailymotion\.com/video/", r"redgifs\.com/watch/", r"clips\.twitch\.tv/[\w-]+$", r"twitch\.tv/videos/"),
        *(
            r"liveleak\.com/(?:view|ll_embed)\?",
            r"tiktok\.com/@[^/]+/video/",
            r"video\.google\.com/(?:videoplay|googleplayer)",
        ),
        *(
            r"metacafe\.com/watch/",
            r"bitchute\.com/video/",
            r"rumble\.com/v",
            r"facebook\.com/watch",
            r"instagram\.com/reel/",
        ),
    ),
    "image": (
        r"www\.dailymotion\.com/thumbnail/video/",
        r"imgur\.com/(?:[A-Za-z0-9]{7}|[A-Za-z0-9]{5})$",
    ),
}

#: What a canonical address (without `https://`) shows, by its beginning; the first that matches counts.
KIND_BY_FORM = {
    kind: (*forms, *chain.from_iterable(urls.kinds.get(kind, ()) for urls in PLATFORMS))
    for kind, forms in _KINDS.items()
}

#: Pages that show one picture or animation, and the file that they show.
FILES_OF_PAGES = (
    (r"^https://imgur\.com/([A-Za-z0-9]{7}|[A-Za-z0-9]{5})$", "https://i.imgur.com/$1.jpg"),
    (r"^https://giphy\.com/gifs/([A-Za-z0-9]{10,})$", "https://i.giphy.com/$1.gif"),
)
#: Pages that show pictures or animations: what is there is no picture.
PAGES = (
    r"^https://imgur\.com/",
    r"^https://gfycat\.com/",
    r"^https://giphy\.com/",
    r"^https://(?:www\.)?flickr\.com/photos/",
    r"^https://www\.reddit\.com/",
)

#: What a file shows, by the extension that its path ends in (any case).
KIND_BY_EXTENSION = {
    "image": ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "avif", "heic", "bmp", "tif", "tiff", "svg"],
    "gif": ["gif", "gifv", "apng"],
    "video": ["mp4", "m4v", "webm", "mov", "mkv", "avi", "flv", "wmv", "mpg", "mpeg", "ogv", "3gp", "m3u8", "mpd"],
}

#: From a canonical address to the key of its media; what none of these matches is its own key.
KEYS = (
    (rf"^(https://{_IMGUR_PAGE})", "url:$1"),
    *chain.from_iterable(urls.keys for urls in PLATFORMS),
    (r"^https://i\.imgur\.com/([A-Za-z0-9]+)\.(?:jpg|mp4)$", "imgur:$1"),
    (r"^https://imgur\.com/([A-Za-z0-9]{7}|[A-Za-z0-9]{5})$", "imgur:$1"),
)
