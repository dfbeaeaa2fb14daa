"""The one question before anything that changes a host: asked on a terminal, `--yes` needed without one."""

from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.model.errors import Refused

YES = frozenset({"y", "yes"})


async def given(
    options: CommandOptions, narrator: Narrator, question: str, *, phrase: str = "", scripts: str = ""
) -> None:
    """Raises Refused unless the person means it. `question` has no mark at its end; `phrase`: that has to be typed
    instead of yes; `scripts`: what a script has to add beside `--yes`."""
    if options.yes:
        return
    if not narrator.interactive:
        more = f" (scripts: with {scripts})" if scripts else ""
        raise Refused("nobody can be asked: this is no terminal; nothing was sent", f"add --yes{more}")
    said = await narrator.ask(f"{question}: type {phrase}: " if phrase else f"{question}? [y/N] ")
    if said != phrase if phrase else said.lower() not in YES:
        raise Refused(f"not confirmed ({said!r}): nothing was sent")
