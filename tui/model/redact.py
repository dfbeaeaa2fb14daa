"""The one place where secrets are taken out of text.

What is known to be secret (every credential this console reads is `learn`ed) is replaced wherever it stands.
"""

MARK = "[redacted]"
SHORTEST = 6
"""characters: shorter values would make ordinary words unreadable"""

_known: set[str] = set()


def learn(secret: str) -> None:
    """Never let this value out again."""
    if len(secret) >= SHORTEST:
        _known.add(secret)


def redact(text: str) -> str:
    """The text without secrets."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, MARK)
    return text
