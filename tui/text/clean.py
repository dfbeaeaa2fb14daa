"""The one place where text from outside becomes harmless.

Whatever comes from a host, an app, a commit message or an HTTP body passes `clean` before it is shown, stored for
showing, or put into a message. Control sequences are not interpreted: they are made visible, so that nothing can hide.
What is a secret is said in `redact`; here it is taken out, once nothing is between its letters any more.
"""

import re

from tui.text.redact import redact

_SGR = re.compile(r"\x1b\[[0-9;:]*m")
# C0 but tab and newline, DEL, C1, and all that Unicode calls a format character or a separator of lines: it shows
# nothing of itself, but hides, reorders or joins what is read
UNSEEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
# joiners that scripts and pictures need to be read: within Arabic, Syriac, N'Ko, Indic, Burmese, Khmer and Mongolian
# words, behind an Indic virama, between two pictures, and the tags of a flag. No blank and nothing unseen may be in
# these ranges: a joiner next to it would be needed today and not tomorrow, when the blank is gone
_SCRIPTS = (
    r"\u0620-\u06dc\u06de-\u070e\u0710-\u088f\u0892-\u08e1\u08e3-\u0df3\u1000-\u109f\u1780-\u180d\u1810-\u18aa"
    r"\ua8e0-\ua8ff"
)
_VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u1039\u17d2"
_PICTURES = "\u00a9\u00ae\u203c\u2049\u2122-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff"
OF_SCRIPTS = f"(?<=[{_SCRIPTS}])[\u200c\u200d](?=[{_SCRIPTS}])|(?<=[{_VIRAMAS}])[\u200c\u200d]"
"""joiners within words, about whose width terminals agree"""
_NEEDED = (
    f"{OF_SCRIPTS}|(?<=[{_PICTURES}])\u200d(?=[{_PICTURES}])|(?<=\U0001f3f4)[\U000e0030-\U000e007a]{{3,6}}\U000e007f"
)
_CONTROL = re.compile(f"({_NEEDED})|[{UNSEEN}]")
# looks alone, and no way to hide anything where nothing is obeyed: what Dokku 0.35 prints before every line of build
# output (cursor to column 1, erase to end of line) and npm, yarn and docker write around their bars (erase the line),
# the character set that `tput sgr0` chooses, modes of the keyboard and the cursor switched on and off
_MARKS = re.compile(r"\x1b(?:\[1?G|\[[012]?K|\([AB0]|\[\?\d{1,4}[hl]|[=>])")
# marks that lie on one letter: no script has more than a few, and a pile of them covers the lines above and below; of
# variation selectors each picture takes one, and more carry a text that nobody sees
_PILED = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{9,}"
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}"
)
# how a typewriter writes bold and underlined: the same letter twice, or a line and a letter
_STRUCK = re.compile(r"(.)\x08\1|_\x08(.)")
# every order to a terminal, also those that hide or move: nobody sees what is read here, so nothing can hide
_PAINT = re.compile(r"\x1b(?:\[[0-9;:?]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][AB0]|[=>])|\ufeff")


def clean(text: str) -> str:
    """One or more lines of `text` without colours and secrets, with every other control character made visible."""
    if text.isascii() and text.isprintable():  # most lines: there is nothing to look for but secrets
        return redact(text)
    text = _MARKS.sub("", _SGR.sub("", text)).replace("\r\n", "\n")
    if "\x08" in text:
        text = _STRUCK.sub(lambda found: found[1] or found[2], text)
    return redact(_PILED.sub("\ufffd", _CONTROL.sub(_visible, text)).expandtabs(4))


def piled(text: str) -> bool:
    """True if so much lies on one letter that it hides something, although every character of it is printable."""
    return not text.isascii() and _PILED.search(text) is not None


def _visible(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    return "\u241b" if found[0] == "\x1b" else "\u240d" if found[0] == "\r" else "\ufffd"


def clean_line(text: str, limit: int = 500) -> str:
    """`clean`, as a single line of at most `limit` characters (an ellipsis shows that there was more)."""
    line = " ".join(clean(text[: limit * 8]).split("\n")).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def decode(raw: bytes) -> str:
    """Bytes from outside as text: UTF-8, what is not UTF-8 replaced."""
    return raw.decode("utf-8", "replace")


def plain(raw: bytes) -> str:
    """The same for what is read and not shown: without a terminal's colours, titles and marks, and without a BOM."""
    return _PAINT.sub("", decode(raw))
