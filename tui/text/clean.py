"""The one place where text from outside becomes harmless.

Whatever comes from a host, an app, a commit message or an HTTP body passes `clean` before it is shown, stored for
showing, or put into a message. Control sequences are not interpreted: they are made visible, so that nothing can hide.
What is a secret is said in `redact`; here it is taken out, once nothing stands between its letters any more.
"""

import re

from tui.text.redact import redact

_SGR = re.compile(r"\x1b\[[0-9;:]*m")
# C0 but tab and newline, DEL, C1, and whatever Unicode calls a format character or a separator of lines: it shows
# nothing of itself, but hides, reorders or joins what is read
UNSEEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
_CONTROL = re.compile(f"[{UNSEEN}]")
# what Dokku 0.35 itself prints before every line of build output: cursor to column 1, erase to end of line
_DOKKU_MARKS = re.compile(r"\x1b\[(?:1G|K)")


def clean(text: str) -> str:
    """One or more lines of `text` without colours and secrets, with every other control character made visible."""
    text = _DOKKU_MARKS.sub("", _SGR.sub("", text)).replace("\r\n", "\n")
    return redact(_CONTROL.sub(lambda found: "\u241b" if found[0] == "\x1b" else "\ufffd", text).expandtabs(4))


def clean_line(text: str, limit: int = 500) -> str:
    """`clean`, as a single line of at most `limit` characters (an ellipsis shows that there was more)."""
    line = " ".join(clean(text[: limit * 8]).split("\n")).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def decode(raw: bytes) -> str:
    """Bytes from outside as text: UTF-8, what is not UTF-8 replaced."""
    return raw.decode("utf-8", "replace")
