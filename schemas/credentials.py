"""Credentials in texts that are handed on: a recipe, its templates and its lists are copied, shared and published."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from blift.schemas.errors import RecipeError

#: `http://user:password@host`, also where an unescaped password holds what would end the host.
_USER_OF_URL = re.compile(
    r"""://(?:[^\s/?\#\\@"'<>]*@|[^\s/?\#:@\[]+:(?!\d*(?:[/?\#\s"',\]})]|$))\S*@)""", re.IGNORECASE
)
#: The same without a scheme, as some programs take the address of a proxy.
_USER_OF_HOST = re.compile(
    r"""(?<![^\s"'=,\[{(])(?!mailto:)[^\s/:@"',\[{(]+:[^\s/@"']+@[\w-]+(?:\.[\w-]+|:\d)""", re.IGNORECASE
)
_PARAMETER = re.compile(r"[?&;\#]([^\s=?&;\#\"'/]{1,64})=[^\s&;\#\"',\]})]+")
_SECRET_PARAMETER = re.compile(
    r"token|secret|passw|pwd|credential|signature|api_?key|access_?key|private_?key"
    r"|(?:^|[^a-z])(?:key|sig|auth|jwt|pass|session|sid)(?:$|[^a-z])",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"""(?<![\w-])(?:(?:proxy-)?authorization|x-api-key|api-key|x-auth-token|(?:set-)?cookie)["']?\s*[:=]\s*["']?\S{4}"""
    r"|(?<![\w-])bearer\s+(?=[\w.~+/-]*\d)[\w.~+/-]{8,}",
    re.IGNORECASE,
)
#: Access tokens, by the beginnings that their issuers give them so that they can be found.
_TOKEN = re.compile(
    r"(?<![\w-])(?:"
    r"hf_[A-Za-z0-9]{16,}|api_org_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}"
    r"|sk-[\w+/.-]{16,}|[rs]k_(?:live|test)_\w{16,}|AIza[\w-]{20,}|GOCSPX-[\w-]{16,}|ya29\.[\w-]{16,}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}|xox[abeprs]-[\w-]{10,}|xai-\w{16,}|gsk_\w{16,}|nvapi-[\w-]{16,}|r8_\w{16,}"
    r"|npm_\w{16,}|pypi-[\w-]{16,}|dop_v1_\w{16,}|SG\.[\w-]{16,}\.[\w-]{16,}|wandb_v1_\w{16,}"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"
    r")"
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")

_KINDS = (
    (_PRIVATE_KEY, "a private key"),
    (_TOKEN, "what looks like an access token"),
    (_USER_OF_URL, "a user name or password in an address"),
    (_USER_OF_HOST, "a user name or password in an address"),
    (_HEADER, "an HTTP header with a credential"),
)


def credential_in(text: str) -> str | None:
    """What kind of credential a text holds, as a part of a sentence that does not show it; None where it has none."""
    found = next((kind for pattern, kind in _KINDS if pattern.search(text)), None)
    if found:
        return found
    for parameter in _PARAMETER.finditer(text):
        if _SECRET_PARAMETER.search(unquote(parameter[1])):
            return "a credential in the query of an address"
    return None


def is_secret_name(name: str) -> bool:
    """Whether a variable or a parameter is called as a secret is, such as `HF_TOKEN`."""
    return _SECRET_PARAMETER.search(name) is not None


def refuse_credentials(lines: Iterable[tuple[int, str]], where: str) -> None:
    """Refuse a text that holds credentials.

    Args:
        lines: parts of the text, each with the number of its line, 1 first.
        where: what the text is, at the beginning of a sentence.

    Raises:
        RecipeError: a line has one; the sentence does not show it.
    """
    for number, line in lines:
        kind = credential_in(line)
        if kind:
            raise RecipeError(
                f"{where}, line {number}, holds {kind}. Take it out: recipes are copied into run folders and "
                "published. Programs read credentials from the environment; a recipe names the variable (`key_env`, "
                "`proxy_env`)."
            )
