"""Text as Markdown that says exactly this text: nothing of it becomes a heading, link, image, HTML or mention."""

import re

_SPECIAL = re.compile(r"[\\`*_\[\]<>&#!|~$]")
_AT_START = re.compile(r"^(?:[-+=:]|(\d+)[.)])")
_DRAWS = re.compile(
    r"@|://|www\.|#\d|:[a-z_+-][a-z0-9_+-]*:|\bGH-\d|(mailto|xmpp|javascript|data|vbscript):", re.IGNORECASE
)
"""words that renderers turn into links, mentions or pictures even where their signs are escaped"""
_BETWEEN = re.compile(r"""([("']*)(.*?)([)"'.,:;?]*)""")
"""a word within the signs of a sentence"""
_FENCES = re.compile(r"`+")


def prose(text: str) -> str:
    """One line within another: words that would draw a link or a mention become code, everything else is escaped."""
    return " ".join(_word(word) for word in text.split())


def _word(word: str) -> str:
    if not _DRAWS.search(word):
        return _SPECIAL.sub(r"\\\g<0>", word)
    parts = _BETWEEN.fullmatch(word)
    if parts is None or not _DRAWS.search(parts[2]):
        return code(word)
    return f"{parts[1]}{code(parts[2])}{parts[3]}"


def block(text: str) -> str:
    """One line that begins a paragraph or a list's item: it begins nothing else."""
    escaped = prose(text)
    start = _AT_START.match(escaped)
    if start is None:
        return escaped
    digits = start[1] or ""
    return f"{digits}\\{escaped[len(digits) :]}"


def paragraphs(text: str) -> str:
    """Several lines, each a paragraph of its own."""
    return "\n\n".join(block(line) for line in text.split("\n") if line.strip())


def code(text: str) -> str:
    """One line letter by letter."""
    line = " ".join(text.split("\n"))
    longest = max((len(run) for run in _FENCES.findall(line)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{padding}{line}{padding}{fence}" if line.strip() else ""
