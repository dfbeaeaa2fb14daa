"""A message as Markdown of a ticket: its text letter by letter, calling nobody, and a line to find it again by."""

import re

from tui.model.notice import Message, Milestone
from tui.text.chat import NO_WIDTH

# other than in a chat, what is in code calls nobody and stays as it is
_MENTION = re.compile(r"(?<![\w`@])@(?=[\w-])")
CUT = "\n… cut here: the whole text is in the journal"


def marker(incident: str) -> str:
    """The words that only this incident's ticket holds."""
    return f"rollback incident {incident} "


def body(message: Message, longest: int) -> str:
    """At most `longest` characters. What was written as Markdown stays it; all else is shown letter by letter."""
    known = f"\n\n{marker(message.incident)}({message.key})"
    room = longest - len(known)
    if message.milestone is Milestone.POSTMORTEM:
        return _cut(_MENTION.sub(f"@{NO_WIDTH}", message.text), room) + known
    # a block whose fence is longer than any in the text: nothing inside is a link, an image or a mention
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall(r"`{3,}", message.text))])
    return f"{fence}text\n{_cut(message.text, room - 2 * len(fence) - 6)}\n{fence}{known}"


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - len(CUT)] + CUT
