"""The services that a command line means."""

from tui.cli.options import CommandOptions
from tui.engine.engine import Engine
from tui.model.service import Service


def chosen(engine: Engine, options: CommandOptions) -> tuple[Service, ...]:
    """The services named, or all of them."""
    if options.names:
        return tuple(dict.fromkeys(one for name in options.names for one in engine.named(name)))
    return engine.fleet.services
