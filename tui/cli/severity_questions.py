"""The questions to a person at a terminal before a rollback, beside yes or no: how severe is it, and is it watched?"""

from datetime import timedelta

from msgspec.structs import replace

from tui.cli.argparse_errors import BY_FILE
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.cli.yes_or_no import YES
from tui.engine.engine import Engine
from tui.model.errors import ConfigError
from tui.model.incident import Incident
from tui.model.plan import Plan
from tui.text import numbers


def known_level(engine: Engine, level: str | None) -> None:
    """Raises ConfigError for a level that services.yaml does not have."""
    levels = [spec.level for spec in engine.fleet.severities]
    if level is not None and levels and level not in levels:
        raise ConfigError(f"{level} is no severity of {engine.fleet.path}", f"one of {', '.join(levels)}")


async def level_and_watch(
    engine: Engine, plan: Plan, earlier: Incident | None, options: CommandOptions, narrator: Narrator
) -> CommandOptions:
    """The options with the answers. Nobody is asked without a terminal, with `--yes`, nor what was said already."""
    length = engine.fleet.watch_of(plan.service).after_rollback
    options = by_file(options, length)
    if plan.forward:
        return options
    if earlier is None or earlier.severity is None:
        options = await level(engine, options, narrator)
    return await watch(plan.service, length, options, narrator) if plan.proves else options


def by_file(options: CommandOptions, length: timedelta) -> CommandOptions:
    """The options with this length of the watch, where it is to be as services.yaml says."""
    return replace(options, watch=length) if options.watch == BY_FILE else options


async def level(engine: Engine, options: CommandOptions, narrator: Narrator) -> CommandOptions:
    """The options with how severe it is, where services.yaml has levels and somebody can be asked."""
    levels = [spec.level for spec in engine.fleet.severities]
    if options.yes or not narrator.interactive or not levels or options.severity is not None:
        return options
    return replace(options, severity=await _level(engine, levels, narrator))


async def watch(what: str, length: timedelta, options: CommandOptions, narrator: Narrator) -> CommandOptions:
    """The options with the length of a watch that a person wants."""
    if options.yes or not narrator.interactive or options.watch is not None or options.no_watch:
        return options
    said = await narrator.ask(f"watch {what} for {numbers.length(length)} afterwards? [y/N] ")
    return replace(options, watch=length) if said.lower() in YES else options


async def _level(engine: Engine, levels: list[str], narrator: Narrator) -> str | None:
    for spec in engine.fleet.severities:
        narrator.insist(f"  {spec.level}  {spec.criteria}", "dim")
    for _ in range(3):
        said = (await narrator.ask(f"how severe is it? [{'/'.join(levels)}, Enter: not said] ")).upper()
        if not said or said in levels:
            return said or None
        narrator.insist(f"{said!r} is none of them", "yellow")
    return None
