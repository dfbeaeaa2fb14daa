"""The questions of `init` to a person: only what no host can say. Without a terminal, and with --yes, nothing is
asked."""

from msgspec.structs import replace

from tui.cli.narrate import Narrator
from tui.cli.yes_or_no import YES
from tui.engine.survey.health import Look
from tui.init_config import mounts
from tui.init_config.document import LOCAL, Decisions, several
from tui.init_config.facts import AppFacts, HealthFound, HostFacts, Whose
from tui.model import value_parsers
from tui.text.clean import clean_line

NO = frozenset({"n", "no"})


async def decisions(facts: HostFacts, narrator: Narrator, given: str | None, *, environment: bool) -> Decisions:
    """The decisions of a person. `given`: the environment's name, where the command line says it; `environment`: it
    is asked."""
    name, known = given or "production", given is not None
    if environment and not known:
        name, known = await narrator.ask(f"what is this environment called? [{name}] ") or name, True
    stopped: list[tuple[str, bool]] = []
    for one in facts.apps:
        writer = mounts.single_writer(one.mounts)
        if writer is None or several(one) or one.scheduler not in (None, LOCAL):
            continue
        narrator.say(f"{one.app} mounts {writer[0]} ({writer[1]}): is that a database with one writer?")
        said = await narrator.ask("  stop the old container before the new one starts (10-30 s of downtime)? [Y/n] ")
        stopped.append((one.app, said.lower() not in NO))
    return Decisions(environment=clean_line(name, 60), environment_given=known, stop_first=tuple(stopped))


async def addresses(facts: HostFacts, narrator: Narrator, look: Look) -> HostFacts:
    """The same facts with the health URLs that a person knows, where none was found."""
    apps = [one if one.health is not None or not one.web else await _address(one, narrator, look) for one in facts.apps]
    return replace(facts, apps=tuple(apps))


async def _address(one: AppFacts, narrator: Narrator, look: Look) -> AppFacts:
    while True:
        said = await narrator.ask(f"a URL that says whether {one.app} is well (Enter: none) ")
        if not said:
            return one
        try:
            url = value_parsers.url(said)
        except ValueError as error:
            narrator.say(f"  {error}", "yellow")
            continue
        page = await look(url, None)
        if page.status is None:
            narrator.say(f"  it does not answer: {page.why}", "yellow")
            if (await narrator.ask("  take it all the same? [y/N] ")).lower() not in YES:
                continue
        again = await look(url, None)
        return replace(one, health=HealthFound(page=page, again=again, own_check=True, whose=Whose.SITE))
