"""Knows what is secret, and removes it from the ledger, logs, errors and answers.

A text is secret by its name (`pwd`, `X-Api-Key`, `sessionId`, `auth_code`), by its look (a token is
unlike a word), or by its place (the login of a URL). Hiding too much costs a word that is not
shown. Names are therefore secret unless they are known to be of data, such as `country_code`.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, unquote_plus

from snapshots import inner_names

HIDDEN: Final = "***"

_ANYWHERE: Final = re.compile(
    r"token|secret|passw|passphrase|passcode|pwd|pswd|kennwort|signature|credential|session(?!attr)|sessid|[cx]srf|cookie|jwt"
    r"|hmac|bearer|authori[sz]|authent|assertion|samlre|apikey|accesskey|privatekey|connectionstring"
)
"""Parts of secret names, without hyphens. No ordinary word contains one of them."""
_AUTH: Final = re.compile(r"auth(?!or|$)")
"""The beginning of a secret word, as in `authuser`, but not in `author`."""
_WORDS: Final = frozenset(
    """
    appid auth authn authz cred creds digest dsn hash mac nonce otp pass pat pin psk psw pw salt
    sas sid sig sign ssid ticket totp verifier
    """.split()  # noqa: SIM905
)
_ENDS: Final = ("key", "code", "pass", "auth", "sig")
"""Endings of secret names, also within a word: `authkey`, `dbpass`. Other words have these ends as
well."""
_OF_DATA: Final = frozenset(
    """
    cache foreign group idempotency index lookup natural object order partition primary public row
    sort ssl surrogate tls

    airport area bar carrier category city class color colour commodity cost country county course
    currency customer de department dept district en error exit facility fips geo hs iata icao
    industry iso item lang language locale location naics plant post postal product promo qr
    reason region response result return route sector sic source species state station status
    store sub time trip type uni unit vendor zip zone

    by com over sur tres under don hoc joc mon tur whis

    default require
    """.split()  # noqa: SIM905
)
"""Words that make data of a name with such an ending: keys that sort, codes that name things, parts
of other words, and what a connection demands of its server."""
_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_OPAQUE: Final = re.compile(
    r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/_=~-]{16,}|eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?"
)
"""A text that looks like a key, or is a JSON Web Token, whatever its name is."""
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_NAMED_USERS: Final = "sftp"
"""The scheme whose users are no secrets, as their passwords are: each has a home folder."""
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]+")
_SHOWN_TO_A_SERVER: Final = re.compile(
    r"\b(Bearer|Basic|Digest|Negotiate|Token)(\s+)(?=\S*\d)[\w.~+/=-]{8,}", re.IGNORECASE
)
_OWN: Final = re.compile(r"(?<=\bsnapshots_)(?=\S*\d)[\w-]{40,}")
"""The secret of a token, or of a link, that this program has made."""
_TOKEN: Final = re.compile(r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?")
_NAMED: Final = re.compile(r"([\w.-]+)(\"?\s*[=:]\s*[\"']?)([^\s\"'&,;<>)}\]]+)")


def is_secret(name: str) -> bool:
    """Whether a parameter, a header, an option or a member of this name holds a secret.

    >>> is_secret("pwd"), is_secret("X-Amz-Signature"), is_secret("author"), is_secret("zip_code")
    (True, True, False, False)
    """
    words = [part.lower() for part in _PARTS.findall(name)]
    if _ANYWHERE.search("".join(words)):
        return True
    return any(
        (word in _WORDS and before not in _OF_DATA) or _ends_so(word, before) or _AUTH.match(word)
        for before, word in zip(["", *words], words, strict=False)
    )


def _ends_so(word: str, before: str) -> bool:
    for end in _ENDS:
        if word.endswith(end):
            return (word.removesuffix(end) or before) not in _OF_DATA
    return False


def looks_secret(value: str) -> bool:
    """Whether a value looks like a key.

    >>> looks_secret("3f2b8c1d9e7a4b6c"), looks_secret("Amsterdam")
    (True, False)
    """
    return bool(_OPAQUE.fullmatch(value))


def scheme_of(name: str) -> str | None:
    """Returns the scheme of a URL in small letters; None if the text is no URL."""
    match = _SCHEME.match(name)
    return match[1].lower() if match else None


def authority(name: str) -> str:
    """Returns the part of a URL between `://` and the path: host or bucket, with login and port.

    >>> authority("https://ana:pw@example.org:8443/a.csv")
    'ana:pw@example.org:8443'
    """
    return re.split("[/?#]", name.partition("://")[2], maxsplit=1)[0]


def shown(name: str) -> str:
    """Returns a name for logs, errors and the ledger; a URL without anything that may be secret.

    >>> shown("https://ana:pw@example.org/a.csv?page=2&X-Amz-Signature=0b1c")
    'https://example.org/a.csv?page=2&X-Amz-Signature=***'
    """
    if scheme_of(name) is None:
        return name
    name = _OWN.sub(HIDDEN, name)
    head, _, rest = name.partition("://")
    inner = inner_names.split(name)[1]
    rest = rest.partition("#")[0]
    place, question, query = rest.partition("?")
    named, slash, path = place.partition("/")
    login, at, named = named.rpartition("@")
    # A password with a slash in it, which standards forbid and people write.
    if "@" in path and ":" in named and not named.rpartition(":")[2].isdigit():
        named, slash, path = path.rpartition("@")[2].partition("/")
    path = re.sub(r";([^=/;]*)=([^/;]*)", _of_a_path, path)
    if at and head.lower() == _NAMED_USERS:
        named = f"{login.partition(':')[0]}@{named}"
    outer = f"{head}://{named}{slash}{path}{question}{_of_a_query(query)}"
    return inner_names.joined(outer, inner) if inner else outer


def hides_something(name: str) -> bool:
    """Whether `shown` leaves out something that a request needs."""
    if scheme_of(name) is None:
        return False
    visible = shown(name)
    return HIDDEN in visible or authority(visible) != authority(name)


def secret_parameters(url: str) -> list[tuple[str, str]]:
    """Returns names and values of the parameters of a URL whose names are secret."""
    pairs = [part.partition("=") for part in re.split("[?#&;]", url)[1:]]
    named = [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]
    return [(name, value) for name, value in named if value and is_secret(name)]


def without_secrets(text: str) -> str:
    """Returns a message of a server or a library without the secrets that it repeats.

    >>> without_secrets("no answer of http://ana:pw@h/?token=abc: Authorization: Bearer 3f2b8c1d")
    'no answer of http://h/?token=***: Authorization: Bearer ***'
    """
    text = _URL.sub(_of_a_text, _OWN.sub(HIDDEN, text))
    text = _SHOWN_TO_A_SERVER.sub(rf"\1\2{HIDDEN}", text)
    return _TOKEN.sub(HIDDEN, _NAMED.sub(_named, text))


def _of_a_path(parameter: re.Match[str]) -> str:
    hidden = is_secret(unquote(parameter[1])) or looks_secret(unquote(parameter[2]))
    return f";{parameter[1]}={HIDDEN}" if hidden else parameter[0]


def _of_a_query(query: str) -> str:
    """Returns a query as it was written, except for secrets: a resume asks for the very same."""
    if query and not re.search("[=&;]", query):
        return HIDDEN
    return "".join(map(_of_a_pair, re.split("([&;])", query)))


def _of_a_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    plain = unquote_plus(name)
    if value and (is_secret(plain) or _tells(unquote_plus(value))):
        return f"{name}={HIDDEN}"
    # A token that has no name is one.
    return f"{HIDDEN}{equals}{value}" if looks_secret(plain) else pair


def _tells(value: str) -> bool:
    """Whether a value is a key, or contains one: another URL, or parameters behind a semicolon."""
    inner = [part.partition("=") for part in re.split("[;&?]", value)[1:]]
    return (
        looks_secret(value)
        or any(is_secret(name) for name, equals, _ in inner if equals)
        or hides_something(value)
    )


def _of_a_text(match: re.Match[str]) -> str:
    """Returns the URL in a text without its secrets. If it has none, it stays as it is: it may name
    a user."""
    url = match[0]
    end = re.search(r"[).,:;]*$", url)
    tail = end[0] if end else ""
    url = url.removesuffix(tail)
    hidden = HIDDEN in shown(url) or ":" in authority(url).rpartition("@")[0]
    raw = (
        "@" in url.partition("?")[0] and authority(shown(url)) != authority(url).rpartition("@")[2]
    )
    return (shown(url) if hidden or raw else url) + tail


def _named(match: re.Match[str]) -> str:
    """Hides a named value in a sentence. Sentences have names of every kind (`code: 5`), so the
    value must look secret, too."""
    name, between, value = match.groups()
    strong = "=" in between and _ANYWHERE.search("".join(_PARTS.findall(name)).lower())
    hidden = strong or (is_secret(name) and looks_secret(value))
    if not hidden or value.startswith(("$", HIDDEN)):
        return match[0]
    return f"{name}{between}{HIDDEN}"
