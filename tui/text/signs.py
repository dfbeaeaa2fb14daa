"""The few signs that are drawn, each with a twin in ASCII. Every state is a sign of its own shape."""

SIGNS: dict[str, tuple[str, str]] = {
    "ok": ("●", "o"),
    "warn": ("▲", "!"),
    "down": ("■", "X"),
    "unknown": ("?", "?"),
    "run": ("▶", ">"),
    "cursor": ("❯", ">"),
    "rule": ("─", "-"),
    "bar": ("│", "|"),
    "full": ("█", "#"),
    "empty": ("░", "."),
    "dot": ("·", "."),
    "arrow": ("→", "->"),
    "more": ("…", "~"),
    "yes": ("✓", "+"),
    "no": ("✗", "x"),
    "limit": ("╌", "-"),
    "back": ("◂", "<"),
    "deploy": ("|", "|"),
    "look": ("┴", "+"),
    "end": ("┊", ":"),
}
SPARKS = ("▁▂▃▄▅▆▇█", "_.:-=+*#")


class Signs:
    """The signs of one terminal."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        self.ascii = ascii_only

    def sign(self, name: str) -> str:
        """The sign of that name: one cell wide (`arrow` is two in ASCII)."""
        return SIGNS[name][self.ascii]

    def spark(self, share: float) -> str:
        """One cell of a sparkline: 0 is lowest, 1 highest."""
        row = SPARKS[self.ascii]
        return row[min(len(row) - 1, max(0, int(share * len(row))))]

    def text(self, text: str) -> str:
        """`text` as this terminal can show it: in ASCII mode our own typography is spelt out, the rest becomes `?`."""
        if not self.ascii or text.isascii():
            return text
        for fine, plain in SIGNS.values():
            text = text.replace(fine, plain)
        for fine, plain in (("–", "-"), ("—", "-"), ("“", '"'), ("”", '"'), ("’", "'"), ("×", "x"), ("≤", "<=")):
            text = text.replace(fine, plain)
        return text.encode("ascii", "replace").decode()
