"""A message as Markdown of a ticket: its text as it stands, calling nobody, with the line by which it is known again."""

import re

from tui.model.notice import Message, Milestone

_MENTION = re.compile(r"(?<![\w`@])@(?=[\w-])")
CUT = "\n… cut: the whole text is in the journal: rollback postmortem"


def marker(incident: str) -> str:
    """What only this incident's ticket holds."""
    return f"rollback incident {incident} "


def body(message: Message, longest: int) -> str:
    """At most `longest` characters. What was written as Markdown stays it; all else is shown letter by letter."""
    known = f"\n\n{marker(message.incident)}({message.key})"
    text = message.text if message.milestone is Milestone.POSTMORTEM else _verbatim(message.text)
    text = _MENTION.sub("@\u200b", text)
    if len(text) + len(known) > longest:
        fence = _fence(text) if text.startswith("```") else ""
        text = text[: longest - len(known) - len(CUT) - len(fence) - 1] + (f"\n{fence}" if fence else "") + CUT
    return text + known


def _verbatim(text: str) -> str:
    """A block whose fence is longer than any in the text: nothing inside is a link, an image or a mention."""
    runs = [len(run) for run in re.findall(r"`{3,}", text)]
    fence = "`" * max(3, *(run + 1 for run in runs), 3)
    return f"{fence}text\n{text}\n{fence}"


def _fence(text: str) -> str:
    found = re.match(r"`+", text)
    return found[0] if found else ""
