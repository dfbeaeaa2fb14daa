"""The one place where secrets are taken out of text.

Two kinds are replaced by `MARK`: what is known to be secret (every credential that this console reads is `learn`ed),
wherever and however it is written; and what looks like one: values of names such as `password=` or `API_TOKEN=`,
authorization headers, passwords in addresses, webhook addresses, keys and tokens of well-known make. E-mail addresses
are no secrets.

Every line of a log comes by here, and nearly none holds a secret: a rule is tried only on a text in which one of its
words is. What is replaced stays replaced: redacting twice changes nothing.
"""

import functools
import re
from typing import Any

from tui.text.secret_patterns import BEGIN, END, KEY_LINE, MARK, RULES, cut

SHORTEST = 6
"""characters: shorter values would make ordinary words unreadable"""
LIKELY = 12
"""characters from which on a part of a secret address is taken for a secret of its own"""

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_known: set[str] = set()
_forms: tuple[str, ...] = ()
"""every way in which what is known may be written, the longest first"""


def learn(secret: str) -> None:
    """Never let this value out again, nor the ways in which it is written in JSON, in an address and in base64."""
    global _forms
    if len(secret) < SHORTEST or secret == MARK or secret in _known:
        return
    _known.add(secret)
    _forms = tuple(sorted({form for known in _known for form in _written(known)}, key=len, reverse=True))
    _of_short.cache_clear()


def learn_address(address: str) -> None:
    """Never let this address out again, nor what in it is secret: its password, and every long part that is no host
    and no plain word."""
    learn(address)
    _, _, rest = address.partition("://")
    login, at, _ = rest.rpartition("@")
    if at and ":" in login:
        learn(login.rpartition(":")[2])
    for part in re.split(r"[/?&=@:#,;]+", rest):
        if len(part) >= LIKELY and "." not in part and re.search(r"[0-9A-Z]", part):
            learn(part)


def forget() -> None:
    """Forget what was learned: for tests."""
    global _forms
    _known.clear()
    _forms = ()
    _of_short.cache_clear()


def _written(secret: str) -> set[str]:
    import base64  # the first screen needs none of these
    import json
    from urllib.parse import quote, quote_plus

    raw = base64.b64encode(secret.encode()).decode()
    forms = {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret), raw, raw.rstrip("=")}
    forms |= {line for line in secret.splitlines() if len(line) >= LIKELY}  # a key of many lines comes line by line
    return {form for form in forms if len(form) >= SHORTEST}


SHORT = 2_000
"""characters of a text up to which asking whether a word is in it is cheaper than looking for its pattern"""


AGAIN = 300
"""characters of a text up to which what came of it is remembered: a screen is drawn many times from the same lines"""


def redact(text: str) -> str:
    """The text without secrets."""
    return _of_short(text) if len(text) <= AGAIN else _whole(text)


def without_credential(address: str) -> str:
    """An address without secrets; what is none, such as the name of an image, stays as it is."""
    return redact(address) if "://" in address else address


@functools.lru_cache(maxsize=2_000)
def _of_short(text: str) -> str:
    return _whole(text)


def _whole(text: str) -> str:
    text = _redact(text)
    return KEY_LINE.sub(MARK, text) if len(text) >= 60 else text


def redact_coloured(text: str) -> str:
    """Text in which colours may still stand. A line that holds a secret loses them: one may stand in its middle."""
    if "\x1b" not in text:
        return redact(text)
    lines = []
    for line in text.split("\n"):
        bare = _COLOUR.sub("", line)
        safe = redact(bare)
        lines.append(line if safe == bare else safe)
    return _redact("\n".join(lines))


def _redact(text: str) -> str:
    for form in _forms:
        if form in text:
            text = text.replace(form, MARK)
    low, short = _lower(text), len(text) <= SHORT
    for rule in RULES:
        where = text if rule.exact else low
        if short and rule.word not in where:
            continue
        done = cut(rule, text, where)
        if done is not text:
            text, low = done, _lower(done)
    return text


def _lower(text: str) -> str:
    """In lower case, letter by letter at the same place: some letters become two otherwise."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if c.isascii() else c for c in text)


def redacted(value: Any) -> Any:
    """A value of JSON (mappings, lists, texts, numbers) with every text in it redacted."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(key) if isinstance(key, str) else key: redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    return value


# ── streams of bytes ─────────────────────────────────────────────────────────────────────────────────────────────────

HEAD = "-- secrets are replaced by [redacted], line by line; everything else is as it came --\n"
"""what a file of raw output begins with"""
LONGEST = 65_536
"""bytes of a line without an end that are held back at most"""
KEY_LINES = 120
"""lines after the beginning of a private key that are left out at most, should its end never come"""


class Redactor:
    """Takes bytes in any chunks and gives whole lines back, without secrets: a secret that was cut by a chunk is whole
    again by then. What has no end yet is held back."""

    def __init__(self) -> None:
        self._rest = b""
        self._inside = 0
        """lines that may still be left out: a private key has begun and not ended"""

    def feed(self, raw: bytes) -> bytes:
        """The lines that this chunk completes."""
        whole, end, rest = (self._rest + raw).rpartition(b"\n")
        if not end and len(rest) > LONGEST:
            whole, rest = rest, b""
        self._rest = rest
        return self._clean(whole + end)

    def flush(self) -> bytes:
        """The rest that has no end yet."""
        rest, self._rest = self._rest, b""
        return self._clean(rest)

    def held(self) -> bytes:
        """The bytes held back, without secrets as far as they go; they stay held."""
        return redact_coloured(self._rest.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def _clean(self, raw: bytes) -> bytes:
        if not raw:
            return raw
        text = raw.decode("utf-8", "surrogateescape")
        if self._inside:
            text = self._after_key(text)
        begun = [found.end() for found in BEGIN.finditer(text)]
        if begun and END.search(text, begun[-1]) is None:
            self._inside = max(0, KEY_LINES - text.count("\n", begun[-1]))
        done = redact_coloured(text) if "\x1b" in text else _redact(text)
        if raw.endswith(b"\n") and done and not done.endswith("\n"):
            done += "\n"
        return done.encode("utf-8", "surrogateescape")

    def _after_key(self, text: str) -> str:
        """The text after the key that began in an earlier chunk."""
        end = END.search(text)
        if end is not None:
            self._inside = 0
            return text[end.end() :].removeprefix("\n")
        lines = text.splitlines(keepends=True)
        left_out = min(self._inside, len(lines))
        self._inside -= left_out
        return "".join(lines[left_out:])


def redact_lines(raw: bytes) -> bytes:
    """All of these bytes without secrets."""
    redactor = Redactor()
    return redactor.feed(raw) + redactor.flush()
