"""The post-mortem's questions at a terminal: only what is not on record, one by one; Enter leaves one for later.

Each answer is in the journal before the next question is asked: whoever is called away loses none.
"""

from tui.cli.narrate import Narrator
from tui.cli.yes_or_no import YES
from tui.engine.engine import Engine
from tui.engine.notify.postmortem import check_dates
from tui.incident.postmortem.looking_back import QUESTIONS
from tui.model.errors import Refused
from tui.model.postmortem import Field

ASKED: tuple[tuple[Field, str, str], ...] = (
    (Field.ROOT_CAUSE, "Root cause", "what caused it"),
    *((one.field, one.title, one.asked) for one in QUESTIONS if one.field is not Field.THANKS),
    (Field.USERS, "Users affected", "how many users were affected"),
    (Field.REVENUE, "Revenue impact", "what it cost in revenue"),
    (Field.LESSONS, "Lessons learned", "what was learned"),
    (Field.ACTIONS, "Action item", "what keeps this from happening again"),
    *((one.field, one.title, one.asked) for one in QUESTIONS if one.field is Field.THANKS),
)
"""the fields that only people can fill, in the order in which they are asked"""


async def asked(engine: Engine, identity: str, narrator: Narrator) -> None:
    """Ask on a terminal, once the incident is over, what is missing; nothing happens elsewhere. Raises Refused."""
    incident = await engine.read(identity)
    if not narrator.interactive or narrator.quiet or incident.open:
        return
    said = {note.field for note in incident.notes}
    missing = [row for row in ASKED if row[0] not in said]
    if not missing:
        return
    questions = "1 question is" if len(missing) == 1 else f"{len(missing)} questions are"
    if (await narrator.ask(f"{questions} not answered yet: answer them now? [y/N] ")).lower() not in YES:
        return
    narrator.insist("one line each; Enter leaves it for later; what you say is on record at once", "dim")
    for field, title, question in missing:
        words = f"{title}: {question}? "
        if field is Field.ACTIONS:
            await _actions(engine, identity, narrator, f"{words}(Enter: no more) ")
        elif answer := await narrator.ask(words):
            await engine.postmortems.note(identity, field, answer)


async def _actions(engine: Engine, identity: str, narrator: Narrator, question: str) -> None:
    """Action items until one is empty, each with who does it until when."""
    items: list[str] = []
    while text := await narrator.ask(question):
        plain = text.replace("|", "/").replace(";", ",")
        owner = (await narrator.ask("  who does it? ")).replace("|", "/").replace(";", ",")
        items.append(f"{plain} | {owner} | {await _date(narrator)}")
        await engine.postmortems.note(identity, Field.ACTIONS, "\n".join(items))


async def _date(narrator: Narrator) -> str:
    while due := await narrator.ask("  until when? (YYYY-MM-DD) "):
        try:
            check_dates(f"it | somebody | {due}")
        except Refused as error:
            narrator.insist(f"  {due!r} is no date: {error.fix}", "yellow")
            continue
        return due
    return ""
