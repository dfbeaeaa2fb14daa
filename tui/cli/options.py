"""The arguments, parsed into values, from the standard library, values and names: this costs little at start."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from tui.cli import command_parsers, guard_options
from tui.model.command_words import COMMANDS
from tui.model.errors import ConfigError
from tui.model.guard import OnBreach
from tui.model.postmortem import Field
from tui.model.release import TARGET_HELP, Target, parse_target
from tui.model.value import Value
from tui.text.nearest import nearest


class CommandOptions(Value):
    """The arguments of one command line."""

    command: str
    """one of COMMANDS, `rollback` where a service was named, `console` where nothing was, `version`, `info`"""
    services: str | None = None
    trust: bool = False
    """a services.yaml of the working directory is trusted without a question, from now on"""
    json: bool = False
    yes: bool = False
    expect_current: Target | None = None
    read_only: bool = False
    color: bool = True
    ascii: bool | None = None
    quiet: bool = False
    """results only"""
    verbose: bool = False
    """what the hosts print, and each detail of a plan"""
    accessible: bool = False
    """line by line: no control sequence of a terminal is written"""
    accept_host_key: str | None = None
    take_over: bool = False
    reason: str = ""
    run_tasks: bool = False
    keep_current: bool = False
    names: tuple[str, ...] = ()
    target: Target | None = None
    list: bool = False
    alone: bool = False
    """nothing but a service was named: the console on a terminal, else its list"""
    look: bool = False
    """--list: look for the image of every kept release"""
    plan: bool = False
    way: str | None = None
    confirm: str | None = None
    """the phrase that several services at once need; None: it has to be typed"""
    parallel: int = 1
    without: tuple[str, ...] = ()
    """services that a run over all leaves out"""
    watch: timedelta | None = None
    no_watch: bool = False
    """nobody is asked whether it is to be watched"""
    severity: str | None = None
    again: bool = False
    """status: told again and again"""
    every: timedelta = timedelta(seconds=5)
    """with `again`: the time between"""
    mouse: bool | None = None
    """None: off inside ssh, where it would keep people from selecting text"""
    low_bandwidth: bool = False
    freeze: bool = True
    notify: bool = True
    """rollback: tell people; for `check`, False unless a test message is asked for"""
    all: bool = False
    remove_all: bool = False
    deploy_tip: bool = False
    branch: str | None = None
    """unfreeze: the team's branch, where nobody knows it"""
    lines: int = 100
    follow: bool = False
    length: timedelta = timedelta(seconds=60)
    guard_for: timedelta | None = None
    on_breach: OnBreach | None = None
    then: tuple[str, ...] = ()
    """guard: the command behind `--`"""
    incident: str | None = None
    plan_id: str | None = None
    """confirm: the plan that an agent proposed"""
    speed: int = 10
    """replay: so many times as fast as it was"""
    search: tuple[str, ...] = ()
    """incidents: words that all have to be found in one"""
    since: timedelta = timedelta(days=90)
    """stats: how far back"""
    openmetrics: str | None = None
    """stats: the file that a collector reads"""
    bundle: str | None = None
    """--info: the file that everything is put into"""
    close: str | None = None
    save: str | None = None
    format: str | None = None
    """postmortem: `markdown` or `html`; None: not said"""
    attach: bool = False
    """postmortem: send it to the incident's ticket"""
    set: tuple[tuple[Field, str], ...] = ()
    destination: str | None = None
    """init, drill: where the host is, `dokku@host` or an alias of ~/.ssh/config"""
    add: bool = False
    environment: str | None = None
    identity_file: str | None = None
    known_hosts: str | None = None
    ci: str | None = None
    serve: bool = False
    bind: str = "127.0.0.1"
    """serve: the address that is listened on"""
    port: int = 8000
    public_url: str | None = None
    """serve: the address that browsers open, where a proxy with TLS stands before it"""
    sessions: int = 2
    """serve: so many at once at most"""
    allow_changes: bool = False
    dokku: str = "0.35.15"
    pace: str = "recorded"
    scenario: str | None = None
    game_day: str | None = None
    """sandbox: the seed of unknown trouble; empty: a new one"""
    topic: str | None = None
    """what is asked of `help` and `config`, and the shell of `completion`"""

    @property
    def take_over_reason(self) -> str | None:
        """The reason that goes on record where an incident is taken over; None where none is."""
        return (self.reason or "no reason given") if self.take_over else None


def parse(argv: Sequence[str], prog: str = "rollback") -> CommandOptions:
    """The options of a command line. Raises ConfigError for wrong ones; `--help` exits by itself with 0."""
    first = _first_word(argv)
    argv, then = guard_options.apart(argv, first)
    for command in () if first is not None else ("version", "info"):
        if f"--{command}" in argv:
            return CommandOptions(
                command=command, **_plain(vars(command_parsers.alone(prog, command).parse_args(argv)))
            )
    if first is None and not any(word in ("-h", "--help") for word in argv):
        return CommandOptions(command="console", **vars(command_parsers.console(prog).parse_args(argv)))
    if first is None:
        argv = ["--help"]
    if first is None or first in COMMANDS:
        return CommandOptions(
            **_plain(vars(command_parsers.commands(prog, only=first).parse_args(_command_first(argv, first)))),
            then=then,
        )
    try:
        values = vars(command_parsers.of_service(prog).parse_intermixed_args(argv))
    except ConfigError as error:
        near = nearest(first, COMMANDS)
        if near is None or any(map(parse_target, argv)):
            raise
        fix = f"did you mean `{prog} {near}`? {error.fix}"
        raise ConfigError(f"there is no command {first!r}; and as a service's: {error.message}", fix) from None
    service = values.pop("service")
    values["without"] = tuple(values["without"] or ())
    options = CommandOptions(command="rollback", names=(service,), **values)
    if service != "all" and (options.confirm is not None or options.parallel != 1 or options.without):
        raise ConfigError("--confirm, --parallel and --except belong to `all previous`", f"{prog} all previous")
    if options.no_watch and options.watch is not None:
        raise ConfigError("--watch and --no-watch contradict each other", "leave one of them out")
    if options.look and not options.list:
        raise ConfigError("--look belongs to --list", f"{prog} {service} --list --look")
    if options.target is None and not options.list and service != "all" and _only_named(options):
        return replace(options, list=True, alone=True)
    if options.target is None and not options.list:
        raise ConfigError(f"{service}: no target", f"write {TARGET_HELP}, or --list")
    return options


def _only_named(options: CommandOptions) -> bool:
    """True if nothing that belongs to a rollback was said: the console may open on the service."""
    shared = {name: getattr(options, name) for name in vars(command_parsers.common().parse_args([]))}
    return options == CommandOptions(command="rollback", names=options.names, **shared)


def _first_word(argv: Sequence[str]) -> str | None:
    skip = False
    for word in argv:
        if skip:
            skip = False
        elif word in command_parsers.TAKE_VALUE:
            skip = True
        elif not word.startswith("-"):
            return word
    return None


def _command_first(argv: Sequence[str], first: str | None) -> list[str]:
    """Common options may stand before the command as well."""
    rest = list(argv)
    if first is not None:
        rest.remove(first)
        rest.insert(0, first)
    return rest


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    for alone in ("version", "info"):
        values.pop(alone, None)
    if "search" in values:
        values["search"] = tuple(values["search"])
    if "names" in values:
        values["names"] = tuple(values["names"])
    if "set" in values:
        values["set"] = tuple((_field(name), text) for name, text in values["set"])
    return values


def _field(name: str) -> Field:
    if name not in list(Field):
        raise ConfigError(f"--set {name}: the post-mortem has no such field", f"one of {', '.join(Field)}")
    return Field(name)
