"""Text for other people's channels: it calls nobody, and nothing in it looks like something else.

Chats read text as markup: `@here` wakes a room, `<!channel>` and `<@U1>` do so in Slack, `[text](address)` and
`<address|text>` are links with another face, `||text||` hides. A blank of no width is put where each of these begins:
people read the same, programs read plain text. E-mail addresses and `user@machine` stay as they are.
"""

import re

NO_WIDTH = "\u200b"
_CALLS = re.compile(r"(?<![\w.])@(?=[\w<])|@(?=(?:everyone|here|channel|all)\b)")
_ANGLE = re.compile(r"<(?=[@!#/a-zA-Z])")
_LINK = re.compile(r"\](?=[(\[])")
_HIDDEN = re.compile(r"\|(?=\|)")


def plain(text: str) -> str:
    """The text without anything that a chat would act on. Doing it twice changes nothing."""
    text = _ANGLE.sub(f"<{NO_WIDTH}", silent(text))
    text = _LINK.sub(f"]{NO_WIDTH}", text)
    return _HIDDEN.sub(f"|{NO_WIDTH}", text)


def silent(text: str) -> str:
    """The text calling nobody, for a channel that has its own way of showing the rest as it is."""
    return _CALLS.sub(f"@{NO_WIDTH}", text)
