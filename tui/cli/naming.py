"""Names that people mistype on the command line; the error names the nearest one that there is."""

from tui.engine import named_service
from tui.model.command_words import COMMANDS
from tui.model.errors import ConfigError
from tui.model.service import Fleet, Service
from tui.text.nearest import nearest


def service(fleet: Fleet, name: str) -> Service:
    """The service of that name or app. Raises ConfigError with the nearest service or command."""
    if fleet.service(name) is None and not fleet.parts(name):
        raise unknown(name, fleet)
    return named_service.one(fleet, name)


def unknown(name: str, fleet: Fleet) -> ConfigError:
    """Said of the first word of a command line, which is neither a command nor the name of one service."""
    if several := named_service.of_several(fleet, name):
        return several
    names = tuple(dict.fromkeys(one for s in fleet.services for one in (s.part_of, s.name) if one))
    known = (*names, *(s.app for s in fleet.services if fleet.service(s.app)), *COMMANDS, "all")
    near = named_service.by_title(fleet, name) or nearest(name, known)
    meant = f"did you mean `rollback {near}`? " if near else ""
    return ConfigError(
        f"there is no command {name!r}, and no service of that name in {fleet.path}",
        f"{meant}services: {', '.join(names)}; `rollback --help` lists the commands",
    )


def like_a_command(name: str, error: ConfigError) -> ConfigError:
    """The error of a command line whose first word may be a mistyped command: where no services.yaml can be read, the
    word is what is wrong before anything else."""
    near = nearest(name, COMMANDS)
    if near is None:
        return error
    return ConfigError(
        f"there is no command {name!r}; and as a service: {error.message}",
        f"did you mean `rollback {near}`? Else: {error.fix}" if error.fix else f"did you mean `rollback {near}`?",
    )
