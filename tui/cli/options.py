"""The arguments, parsed into values, from the standard library, values and names: this costs little at start."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tui.cli import examples, guard_options
from tui.cli.parser import Parser
from tui.model.errors import ConfigError
from tui.model.guard import OnBreach
from tui.model.postmortem import Field
from tui.model.release import TARGET_HELP, Target, TargetKind, parse_target
from tui.text.nearest import nearest, suggestion

COMMANDS = (
    "init", "status", "logs", "evidence", "check", "keep", "freeze", "unfreeze", "incidents", "resume", "undo",
    "postmortem", "guard", "abort", "sandbox", "config", "help", "completion",
)  # fmt: skip
"""words that are commands and therefore no names of services"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for on the command line."""

    command: str
    """one of COMMANDS, `rollback` where a service was named, `console` where nothing was, `version`"""
    services: str | None = None
    trust: bool = False
    """a services.yaml of the working directory is trusted without a question, from now on"""
    json: bool = False
    yes: bool = False
    expect_current: Target | None = None
    read_only: bool = False
    color: bool = True
    ascii: bool | None = None
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
    close: str | None = None
    save: str | None = None
    attach: bool = False
    """postmortem: send it to the incident's ticket"""
    set: tuple[tuple[Field, str], ...] = ()
    destination: str | None = None
    """init: where the host is, `dokku@host` or an alias of ~/.ssh/config"""
    add: bool = False
    environment: str | None = None
    identity_file: str | None = None
    known_hosts: str | None = None
    ci: str | None = None
    serve: bool = False
    dokku: str = "0.35.15"
    pace: str = "recorded"
    scenario: str | None = None
    topic: str | None = None
    """what is asked of `help` and `config`, and the shell of `completion`"""


_DURATION = re.compile(r"(\d+)([smh])")
_TARGETS = ("previous", "current", "release:N", "tag:NAME", "sha:PREFIX", "image:N")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


def duration(text: str) -> timedelta:
    """`30s`, `15m` or `1h`."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 30s, 15m or 1h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def target(text: str) -> Target:
    """A release as people name it."""
    found = parse_target(text)
    if found is None:
        meant = suggestion(text, _TARGETS) or suggestion(text.partition(":")[0], _TARGETS)
        raise argparse.ArgumentTypeError(
            f"{text!r} names no release; {f'{meant} ' if meant else ''}write {TARGET_HELP}"
        )
    return found


def _current(text: str) -> Target:
    found = target(text)
    if found.kind in (TargetKind.PREVIOUS, TargetKind.CURRENT):
        raise argparse.ArgumentTypeError("--expect-current needs the release itself, e.g. release:7 or sha:0123abc")
    return found


def _common() -> Parser:
    common = Parser(add_help=False)
    common.add_argument("--services", metavar="FILE", help="services.yaml to use; `shipped`: the one of the package")
    common.add_argument("--trust", action="store_true", help="trust ./services.yaml from now on, without a question")
    common.add_argument("--json", action="store_true", help="data as JSON on stdout")
    common.add_argument("--read-only", action="store_true", help="nothing that changes a host is sent")
    common.add_argument("--no-color", dest="color", action="store_false", help="no colours")
    common.add_argument("--ascii", action=argparse.BooleanOptionalAction, default=None, help="(as the locale says)")
    common.add_argument("--accept-host-key", metavar="FINGERPRINT", help="accept this unknown host key, once")
    return common


def _taking_part() -> Parser:
    part = Parser(add_help=False)
    part.add_argument("--yes", action="store_true", help="do not ask (never covers `all`)")
    part.add_argument("--take-over", action="store_true", help="take the incident over from somebody else")
    part.add_argument("--reason", metavar="TEXT", default="", help="why; goes into the record")
    return part


def _screen() -> Parser:
    screen = Parser(add_help=False)
    screen.add_argument("--watch", type=duration, help="how long to watch after a rollback (services.yaml: 15m)")
    screen.add_argument("--mouse", action=argparse.BooleanOptionalAction, default=None, help="(off inside ssh)")
    screen.add_argument("--low-bandwidth", action="store_true", help="fewer pictures a second")
    return screen


def _console_parser(prog: str) -> Parser:
    return Parser(
        prog=prog, parents=[_common(), _screen()], description="The full-screen console; `rollback --help` lists all."
    )


def _plan_options(parser: Parser) -> None:
    from tui.ways import NAMES  # only where a plan may be asked for: the console's own options need none of it

    parser.add_argument("--plan", action="store_true", help="show the plan and stop")
    parser.add_argument("--way", choices=NAMES, help="the way to take (the first of services.yaml)")
    parser.add_argument("--expect-current", type=_current, metavar="RELEASE", help="refuse unless this runs now")
    parser.add_argument("--watch", nargs="?", type=duration, const=timedelta(minutes=15), help="watch after it (15m)")
    parser.add_argument("--no-freeze", dest="freeze", action="store_false", help="do not hold other deploys back")
    parser.add_argument("--no-notify", dest="notify", action="store_false", help="post nothing about it")
    parser.add_argument("--keep-current", action="store_true", help="keep what runs before leaving it (4-10 s more)")
    parser.add_argument("--run-tasks", action="store_true", help="run that release's deploy tasks again")


def _rollback_parser(prog: str) -> Parser:
    parser = Parser(
        prog=prog,
        parents=[_common(), _taking_part()],
        description="Go back to an earlier release of SERVICE, prove it, watch it. Alone it opens the console there.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=examples.text("SERVICE"),
    )
    parser.add_argument("service", metavar="SERVICE", help="a service's or an app's name, or `all`")
    parser.add_argument("target", nargs="?", type=target, metavar="TARGET", help=TARGET_HELP)
    parser.add_argument("--list", action="store_true", help="releases, what runs, the way back and its cost")
    parser.add_argument("--look", action="store_true", help="with --list: look for each kept image (1-3 s each)")
    _plan_options(parser)
    whole = parser.add_argument_group("for `all previous`: every service, in the order of services.yaml")
    whole.add_argument("--confirm", metavar="PHRASE", help='"all previous": the phrase that otherwise has to be typed')
    whole.add_argument("--parallel", type=int, default=1, metavar="N", help="at once, where the hosts allow it (1)")
    whole.add_argument("--except", dest="without", action="append", metavar="SERVICE", help="leave this one out")
    return parser


def _init_options(parser: Parser) -> None:
    from tui.proposal.ci import NAMES

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = (
        "Ask a host for its apps and write ./services.yaml (or --services FILE). Nothing on it changes."
    )
    parser.epilog = (
        "examples:\n"
        "  rollback init dokku@host.example\n"
        "  rollback init dokku@host.example --identity-file ~/.ssh/dokku --ci github\n"
        "  rollback init --add                     apps that are new since then"
    )
    parser.add_argument("destination", nargs="?", metavar="DESTINATION", help="dokku@host[:port], or an ssh alias")
    parser.add_argument("--add", action="store_true", help="put new apps into a file that is there, after a question")
    parser.add_argument("--environment", metavar="NAME", help="what the file calls it (production)")
    parser.add_argument("--identity-file", metavar="PATH", help="the private key, where the agent's is not meant")
    parser.add_argument("--known-hosts", metavar="PATH", help="where the host's own key is (~/.ssh/known_hosts)")
    parser.add_argument("--ci", choices=NAMES, help="also write the file that keeps a release before each deploy")
    parser.add_argument("--yes", action="store_true", help="do not ask: guesses say `please check` in the file")


def _command_parsers(prog: str) -> Parser:
    parser = Parser(
        prog=prog,
        description="Roll a Dokku service back to its last good release.\n\n"
        "  rollback api previous      go back, prove it (about 30 s; `rollback help quick`)\n"
        "  rollback api --list        the releases there are, and the way to each\n"
        "  rollback                   the console; `rollback SERVICE` opens it there\n"
        "  rollback all previous      every service",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="this program's version, Python's, and Dokku's it knows")
    sub = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    common, part = _common(), _taking_part()
    _init_options(sub.add_parser("init", parents=[common], help="write services.yaml for a host, or add its new apps"))
    status = sub.add_parser("status", parents=[common], help="health now, what runs, open incidents")
    status.add_argument("names", nargs="*", metavar="SERVICE")
    check = sub.add_parser(
        "check", parents=[common], help="configuration, keys, host, capabilities, what is beside it; each with its fix"
    )
    check.add_argument("names", nargs="*", metavar="SERVICE")
    check.add_argument("--notify", action="store_true", help="send a test message to every channel, after a question")
    check.add_argument("--yes", action="store_true", help="do not ask")
    logs = sub.add_parser("logs", parents=[common], help="the service's log")
    logs.add_argument("names", nargs=1, metavar="SERVICE")
    logs.add_argument("-n", "--num", dest="lines", type=int, default=100, help="lines (100)")
    logs.add_argument("-t", "--tail", "--follow", dest="follow", action="store_true", help="go on as it is written")
    seen = sub.add_parser("evidence", parents=[common], help="error rates and response times, measured now")
    seen.add_argument("names", nargs=1, metavar="SERVICE")
    seen.add_argument("--for", dest="length", type=duration, default=timedelta(seconds=60), help="how long (60s)")
    keep = sub.add_parser("keep", parents=[common, part], help="keep what runs now, so that there is a way back to it")
    keep.add_argument("names", nargs="*", metavar="SERVICE")
    keep.add_argument("--all", action="store_true", help="every service")
    keep.add_argument("--remove-all", action="store_true", help="take kept releases and records away, after a question")
    for name, text in (("freeze", "hold deploys back"), ("unfreeze", "let deploys through again")):
        one = sub.add_parser(name, parents=[common, part], help=text)
        one.add_argument("names", nargs=1, metavar="SERVICE")
        if name == "unfreeze":
            one.add_argument("--branch", metavar="NAME", help="the team's branch, where nobody knows it")
            one.add_argument("--deploy-tip", action="store_true", help="then deploy the tip of the team's branch")
            one.add_argument("--watch", nargs="?", type=duration, const=timedelta(minutes=15), help="watch it (15m)")
    sub.add_parser("incidents", parents=[common], help="the journal's incidents")
    resume = sub.add_parser("resume", parents=[common, part], help="take an open incident up where it stands")
    resume.add_argument("incident", nargs="?", metavar="ID")
    resume.add_argument("--confirm", metavar="PHRASE", help='"all previous": goes on with the services not started')
    resume.add_argument("--close", metavar="HOW", help="close it: recovered, not-recovered, aborted, fixed-forward")
    undo = sub.add_parser("undo", parents=[common, part], help="forward again to what an incident left")
    undo.add_argument("incident", nargs="?", metavar="ID", help="(the newest that changed what serves)")
    _plan_options(undo)
    after = sub.add_parser("postmortem", parents=[common], help="an incident's post-mortem, filled from the journal")
    after.add_argument("incident", nargs="?", metavar="ID", help="(the only one that lacks a required one)")
    after.add_argument("--save", metavar="FILE", help="into a new file, and note that it is written")
    after.add_argument("--attach", action="store_true", help="to the incident's ticket, which counts as written")
    after.add_argument(
        "--set", nargs=2, action="append", default=[], metavar=("FIELD", "TEXT"),
        help=f"your own words, kept in the journal: {', '.join(Field)}; empty takes them back",
    )  # fmt: skip
    guard_options.add(sub, [common], duration)
    box = sub.add_parser("sandbox", parents=[common, _screen()], help="a pretend host with a bad release already out")
    box.add_argument("--serve", action="store_true", help="only serve; prints one JSON line")
    box.add_argument("--dokku", default="0.35.15", choices=("0.35.15", "0.38.27", "plugins"), help="profile")
    box.add_argument("--pace", default="recorded", help="recorded, fast or a factor")
    box.add_argument("--scenario", help="scripted trouble")
    _explaining(sub, common)
    return parser


def _explaining(sub: Any, common: Parser) -> None:
    seen = sub.add_parser("config", parents=[common], help="services.yaml: what holds, and from where")
    seen.add_argument(
        "topic", choices=("show", "path", "schema"),
        help="each value and where it comes from; the file and where it is looked for; its JSON Schema",
    )  # fmt: skip
    pages = sub.add_parser("help", parents=[common], help="a page on a topic, or the list of topics")
    pages.add_argument("topic", nargs="?", metavar="TOPIC", help="a topic or a command")
    shells = sub.add_parser("completion", parents=[common], help="a script that completes commands and options")
    shells.add_argument("topic", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish")
    for name, parser in sub.choices.items():
        if not parser.epilog:
            parser.formatter_class = argparse.RawDescriptionHelpFormatter
            parser.epilog = examples.text(name)


def tables(prog: str = "rollback") -> dict[str, argparse.ArgumentParser]:
    """The parser of every command by its name, and that of `rollback SERVICE` as `SERVICE`."""
    of_commands = _command_parsers(prog)
    sub = next(one for one in of_commands._actions if isinstance(one, argparse._SubParsersAction))
    return {**sub.choices, "SERVICE": _rollback_parser(prog)}


def parse(argv: Sequence[str], prog: str = "rollback") -> Options:
    """The options of a command line. Raises ConfigError for wrong ones; `--help` exits by itself with 0."""
    first = _first_word(argv)
    argv, then = guard_options.apart(argv, first)
    if first is None and "--version" in argv:
        parser = Parser(prog=prog, parents=[_common()])
        parser.add_argument("--version", action="store_true")
        return Options(command="version", **_plain(vars(parser.parse_args(argv))))
    if first is None and not any(word in ("-h", "--help") for word in argv):
        return Options(command="console", **vars(_console_parser(prog).parse_args(argv)))
    if first is None:
        argv = ["--help"]
    if first is None or first in COMMANDS:
        return Options(**_plain(vars(_command_parsers(prog).parse_args(_command_first(argv, first)))), then=then)
    try:
        values = vars(_rollback_parser(prog).parse_args(argv))
    except ConfigError as error:
        near = nearest(first, COMMANDS)
        if near is None or any(map(parse_target, argv)):
            raise
        fix = f"did you mean `{prog} {near}`? {error.fix}"
        raise ConfigError(f"there is no command {first!r}; and as a service's: {error.message}", fix) from None
    service = values.pop("service")
    values["without"] = tuple(values["without"] or ())
    options = Options(command="rollback", names=(service,), **values)
    if service != "all" and (options.confirm is not None or options.parallel != 1 or options.without):
        raise ConfigError("--confirm, --parallel and --except belong to `all previous`", f"{prog} all previous")
    if options.look and not options.list:
        raise ConfigError("--look belongs to --list", f"{prog} {service} --list --look")
    if options.target is None and not options.list and service != "all" and _only_named(options):
        return replace(options, list=True, alone=True)
    if options.target is None and not options.list:
        raise ConfigError(f"{service}: no target", f"write {TARGET_HELP}, or --list")
    return options


def _only_named(options: Options) -> bool:
    """Whether nothing that belongs to a rollback was said, so that the console may open on the service."""
    return options == Options(
        command="rollback", names=options.names, services=options.services, trust=options.trust, json=options.json,
        read_only=options.read_only, color=options.color, ascii=options.ascii, accept_host_key=options.accept_host_key,
    )  # fmt: skip


def _first_word(argv: Sequence[str]) -> str | None:
    takes_value = {
        "--services", "--accept-host-key", "--reason", "--expect-current", "--watch", "--way", "--confirm",
        "--parallel", "--except", "--for", "--on-breach", "--branch", "--environment", "--identity-file",
        "--known-hosts", "--ci",
    }  # fmt: skip
    skip = False
    for word in argv:
        if skip:
            skip = False
        elif word in takes_value:
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
    values.pop("version", None)
    if "names" in values:
        values["names"] = tuple(values["names"])
    if "set" in values:
        values["set"] = tuple((_field(name), text) for name, text in values["set"])
    return values


def _field(name: str) -> Field:
    if name not in list(Field):
        raise ConfigError(f"--set {name}: the post-mortem has no such field", f"one of {', '.join(Field)}")
    return Field(name)
