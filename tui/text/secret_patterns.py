"""Everything that looks like a secret, of any owner: the patterns behind `redact`.

A rule's pattern begins with its word, letter for letter, and is looked for in lower case (or, for keys of a well-known
make, in the text as it is): such a search costs next to nothing. What is replaced is the group `bare`, `value` or
`said`; `applies` says what a pattern cannot.
"""

import re
from collections.abc import Callable

MARK = "[redacted]"
"""what is in a secret's place"""

NO_PASSWORD = "x-oauth-basic"  # noqa: S105 - it is the same for everybody
"""a word that Git's hosts take for a password where the name is the token"""

_QUOTE = r"""\\{0,3}["']"""
_NOTHING = rf"(?!{re.escape(MARK)}|(?:null|none|true|false|undefined)\b)"
_AFTER_NAME = rf"""(?P<tail>[a-z0-9_-]{{0,40}})(?:
    (?:\s{{0,3}}=\s{{0,3}}+ | (?P<header>:\s{{0,3}}+) | {_QUOTE}\s{{0,3}}(?::|=>?)\s{{0,3}}+)
        (?:(?P<open>{_QUOTE})(?!{re.escape(MARK)})(?P<value>(?:(?!(?P=open))[^\r\n])+)
          | {_NOTHING}(?P<bare>[^\s,;&"'\\]+))
  | \sis\s{{1,3}}+{_NOTHING}(?=\S*[0-9_/+=-])(?P<said>[^\s,;&"'\\]{{6,}}))"""
_TO_THE_END = rf"""\\{{0,3}}+["']?+\s{{0,3}}+[:=]\s{{0,3}}+\\{{0,3}}+["']?+\s{{0,3}}+{_NOTHING}(?P<bare>[^\r\n"'\\]+)"""
_CREDENTIAL = r"(?!authenti|authori|token|access|auth\b|realm)(?P<bare>[a-z0-9._~+/=-]{8,})"
_PATH = r"""(?!\[redacted\])(?P<bare>[^\s"'<>\\]+)"""
_IN_QUERY = r"""(?!\[redacted\])(?P<bare>[^&\s"'<>\\#]+)"""
BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
END = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
KEY_LINE = re.compile(r"(?<!\S)(?=[A-Za-z0-9+/]*[G-Zg-z+/])[A-Za-z0-9+/]{60,76}={0,2}(?!\S)")
"""a line of a private key that is alone: long base64 that is no checksum"""
_VARIABLE = re.compile(r"(?:[A-Za-z]{1,20} )?\$\{[A-Za-z_][A-Za-z0-9_]{0,100}\}")
"""the name of a variable in a secret's place"""
_SERVICES = (
        "slack", "discord", "msteams", "workflow", "workflows", "tgram", "pagerduty", "pagertree", "pover", "opsgenie",
        "gchat", "rocket", "rockets", "mmost", "mmosts", "zulip", "twilio", "sendgrid", "ifttt", "webex", "wxteams",
        "matrix", "matrixs", "gotify", "gotifys", "spike", "signl4",
)  # fmt: skip
"""schemes of notification addresses, in which everything is secret"""
_KEYS = ("api", "access", "account", "private", "secret", "signing", "encryption", "auth", "shared")
_SAID = ("password", "passwd", "passphrase", "secret", "token")
_TAG = re.compile(
    r"[a-z0-9_.-]*:(?:v?[0-9]{1,4}(?:\.[0-9]{1,8}){0,3}(?:[-+.](?:rc|alpha|beta|alpine|slim|dev|pre)[0-9.]{0,6})?"
    r"|latest|stable|edge|nightly|main|master)(?![^\s\"'<>,;)\]}@\\])"
)
"""the rest of an image's name, and a tag that is a version: any other may be a secret"""
_PLAIN_TAIL = re.compile(r"s?|s?[_-]?\d+|[_-]base|[_-]key(?:[_-]base)?")


class Rule:
    """One word, what follows it where it is a secret, and what else has to be so."""

    __slots__ = ("_after", "_pattern", "applies", "exact", "word")

    def __init__(
        self, word: str, after: str, applies: Callable[[str, re.Match[str]], bool] | None = None, *, exact: bool = False
    ) -> None:
        self.word, self.applies, self.exact = word, applies, exact
        self._after = after
        self._pattern: re.Pattern[str] | None = None

    @property
    def pattern(self) -> re.Pattern[str]:
        """Made when it is needed first: all of them together would hold up the first screen."""
        if self._pattern is None:
            self._pattern = re.compile(f"(?x){re.escape(self.word)}{self._after}")
        return self._pattern


def _named(text: str, found: re.Match[str]) -> bool:
    """True if a name is that of a secret: names that go on after the word count in capitals only (`TOKEN_OLD=`, but
    not `token_count=`), a `key` only with what it opens, `name: value` without quotes only as a header."""
    begin = found.start()
    before = text[max(0, begin - 40) : begin]
    name = re.search(r"[A-Za-z0-9_.-]*$", before)
    whole = (name[0] if name else "") + text[begin : found.end("tail")]
    word, tail, low = found[0][: found.start("tail") - begin], found["tail"], before.lower()
    if _image(text, found):
        return False
    if found["header"] and not low.endswith("-"):
        return word in _SAID and re.fullmatch(r"(?=\S*[0-9_/+=-])\S{6,}", found["value"] or found["bare"]) is not None
    capitals = whole.isupper()
    if word == "key" and not (low.endswith("_") and capitals):
        opens = low.rstrip("_- ")
        if not (opens.endswith(_KEYS) or (low.endswith(("?", "&")) and not tail)):
            return False
    if word == "pwd" and (found["bare"] or "").startswith(("/", "~")):
        return False
    if word in ("_pw", "_dsn"):
        return capitals
    return capitals or (tail != "s" and _PLAIN_TAIL.fullmatch(tail) is not None)


def _image(text: str, found: re.Match[str]) -> bool:
    """True if it is an image's name and version, such as `ghcr.io/team/auth-token:1.4`: no header is written so."""
    word = re.search(r"""[^\s"'<>=,]*$""", text[max(0, found.start() - 300) : found.start()])
    before = word[0] if word else ""
    return "/" in before and "://" not in before and _TAG.match(text, found.start()) is not None


def _no_image(text: str, found: re.Match[str]) -> bool:
    return not _image(text, found)


def _login(text: str, found: re.Match[str]) -> bool:
    """A password; or a name alone in a web address: there it is a key."""
    return found["user"] is not None or _web(text, found)


def _web(text: str, found: re.Match[str]) -> bool:
    return text[max(0, found.start() - 5) : found.start()].lower().endswith(("http", "https"))


def _notifies(text: str, found: re.Match[str]) -> bool:
    scheme = re.search(r"[a-z0-9]+$", text[max(0, found.start() - 12) : found.start()].lower())
    return scheme is not None and scheme[0] in _SERVICES


def _of_query(text: str, found: re.Match[str]) -> bool:
    return text.endswith(("?", "&"), 0, found.start())


def _alone(text: str, found: re.Match[str]) -> bool:
    return not text[max(0, found.start() - 1) : found.start()].isalnum()


_WEBHOOKS = tuple(
    Rule(word, after + _PATH)
    for word, after in (
        ("hooks.slack", r"(?:-gov)?\.com/(?:services|workflows|triggers)/"),
        ("discord.com/api/", r"(?:v\d+/)?webhooks/"),
        ("discordapp.com/api/", r"(?:v\d+/)?webhooks/"),
        ("webhook.office.com/", ""),
        ("outlook.office", r"(?:365)?\.com/webhook/"),
        ("logic.azure.com", r"(?::\d+)?/"),
        ("powerplatform.com", r"(?::\d+)?/"),
        ("pagerduty.com/integration/", ""),
        ("api.telegram.org/", r"(?:file/)?bot"),
        ("hooks.zapier.com/hooks/", ""),
        ("ifttt.com/trigger/", ""),
        ("chat.googleapis.com/v1/spaces/", ""),
    )
)
_OF_KNOWN_MAKE = tuple(
    Rule(word, f"(?P<bare>{after})", _alone, exact=True)
    for word, after in (
        ("AKIA", r"[0-9A-Z]{16}(?![0-9A-Za-z])"),
        ("ASIA", r"[0-9A-Z]{16}(?![0-9A-Za-z])"),
        ("eyJ", r"[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?"),
        ("gh", r"[pousr]_[A-Za-z0-9]{20,}"),
        ("github_pat_", r"[A-Za-z0-9_]{20,}"),
        ("gl", r"(?:pat|oas|dt|rtr?|cbt|ptt|ft|imt|agent|soat)-(?=[a-z-]*[0-9A-Z_])[A-Za-z0-9_.-]{16,}"),
        ("ATATT3", r"[A-Za-z0-9_=-]{20,}"),
        ("ATCTT3", r"[A-Za-z0-9_=-]{20,}"),
        ("ATBB", r"[A-Za-z0-9_=-]{20,}(?![A-Za-z0-9])"),
        ("xox", r"[a-z]-[A-Za-z0-9-]{8,}"),
        ("xapp-", r"[A-Za-z0-9-]{8,}"),
        ("sk_", r"(?:live|test)_[A-Za-z0-9]{10,}"),
        ("rk_", r"(?:live|test)_[A-Za-z0-9]{10,}"),
        ("lin_", r"(?:api|oauth)_[A-Za-z0-9]{16,}"),
        ("phx_", r"[A-Za-z0-9]{20,}"),
        ("phc_", r"[A-Za-z0-9]{20,}"),
        ("phs_", r"[A-Za-z0-9]{20,}"),
        ("sntry", r"[su]_[A-Za-z0-9_=+/-]{16,}"),
        ("npm_", r"[A-Za-z0-9]{30,}"),
        ("pypi-", r"[A-Za-z0-9_-]{30,}"),
        ("SG.", r"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
        ("AIza", r"[A-Za-z0-9_-]{30,}"),
        ("sk-", r"(?:ant-|proj-)?[A-Za-z0-9_-]{20,}"),
        ("AGE-SECRET-KEY-1", r"[A-Z0-9]{20,}"),
    )
)
RULES = (
    Rule(
        "-----BEGIN ",
        r"(?P<bare>[A-Z0-9\ ]*PRIVATE\ KEY(?:\ BLOCK)?-----(?:(?!-----BEGIN)[\s\S])*?"
        r"(?:-----END\ [A-Z0-9\ ]*PRIVATE\ KEY(?:\ BLOCK)?-----|\Z))",
        exact=True,
    ),
    *_WEBHOOKS,
    Rule("://", _PATH, _notifies),
    Rule("://", rf"""(?!\[redacted\])(?P<bare>[^\s/@:"'<>\\]+)(?=:(?:{NO_PASSWORD})?@)""", _web),
    Rule(
        "://",
        r"""(?:(?P<user>[^\s/@:"'<>\\]*):)?(?!\[redacted\]@)(?P<bare>(?:(?<=:)[^\s/"'<>\\]+|[^\s/@:"'<>\\]+))(?=@)""",
        _login,
    ),
    Rule("authorization", _TO_THE_END, _no_image),
    Rule("cookie", _TO_THE_END, _no_image),
    Rule("bearer", rf"\s+{_CREDENTIAL}"),
    Rule("basic", rf"\s+(?=\S*[0-9=+/]){_CREDENTIAL}"),
    *(
        Rule(word, _AFTER_NAME, _named)
        for word in (
            "password",
            "passwd",
            "pwd",
            "passphrase",
            "secret",
            "token",
            "credential",
            "signature",
            "key",
            "_pw",
            "_dsn",
        )
    ),
    *(Rule(word, _IN_QUERY, _of_query) for word in ("sig=", "code=", "auth=", "x-amz-credential=")),
    *_OF_KNOWN_MAKE,
)


def credential(text: str) -> bool:
    """True if a key, a token or a webhook's address of well-known make is in the text."""
    return _MAKES.search(text) is not None and any(
        rule.word in text and any(rule.applies is None or rule.applies(text, m) for m in rule.pattern.finditer(text))
        for rule in (*_WEBHOOKS, *_OF_KNOWN_MAKE)
    )


_MAKES = re.compile("|".join(sorted({re.escape(rule.word) for rule in (*_WEBHOOKS, *_OF_KNOWN_MAKE)})))
"""any word of theirs: a text without one needs no second look"""


def cut(rule: Rule, text: str, where: str) -> str:
    """The text with all that the rule finds in `where` replaced."""
    parts: list[str] = []
    at = 0
    for found in rule.pattern.finditer(where):
        if rule.applies is not None and not rule.applies(text, found):
            continue
        group = next(name for name in ("bare", "value", "said") if found.groupdict().get(name) is not None)
        start, end = found.span(group)
        if rule.exact:
            start = found.start()
        if _VARIABLE.fullmatch(text, start, end):
            continue
        parts += (text[at:start], MARK)
        at = end
    return "".join((*parts, text[at:])) if parts else text
