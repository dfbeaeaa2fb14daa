"""The parsers of the command line: commands, their options and their help. They make `CommandOptions`."""

import argparse
import os
from collections.abc import Callable
from datetime import timedelta

from tui.cli import examples, guard_options
from tui.cli.argparse_errors import BY_FILE, Parser, duration, period
from tui.model.postmortem import Field
from tui.model.release import TARGET_HELP, Target, TargetKind, likely_target, parse_target
from tui.text.nearest import suggestion

_TARGETS = ("previous", "current", "release:N", "tag:NAME", "sha:PREFIX", "image:N")
TAKE_VALUE = frozenset({
    "--services", "--accept-host-key", "--reason", "--expect-current", "--watch", "--way", "--confirm", "--parallel",
    "--except", "--for", "--on-breach", "--branch", "--environment", "--identity-file", "--known-hosts", "--ci",
    "--severity", "--bundle", "--since", "--openmetrics",
})  # fmt: skip
"""options whose value may stand before the first word that is none"""
LEVELS = ("P1", "P2", "P3", "P4")


def _speed(text: str) -> int:
    return _between(text, 1, 60, "speed")


def target(text: str) -> Target:
    """A release as people name it."""
    found = parse_target(text)
    if found is None:
        likely = likely_target(text)
        near = suggestion(text, _TARGETS) or suggestion(text.partition(":")[0], _TARGETS)
        meant = f"did you mean '{likely}'?" if likely else near
        raise argparse.ArgumentTypeError(
            f"{text!r} names no release; {f'{meant} ' if meant else ''}write {TARGET_HELP}"
        )
    return found


def _current(text: str) -> Target:
    found = target(text)
    if found.kind in (TargetKind.PREVIOUS, TargetKind.CURRENT):
        raise argparse.ArgumentTypeError("--expect-current needs the release itself, e.g. release:7 or sha:0123abc")
    return found


def common() -> Parser:
    shared = Parser(add_help=False)
    shared.add_argument("--services", metavar="FILE", help="services.yaml to use; `shipped`: the one of the package")
    shared.add_argument("--trust", action="store_true", help="trust ./services.yaml from now on, without a question")
    shared.add_argument("--json", action="store_true", help="data as JSON on stdout")
    shared.add_argument("--read-only", action="store_true", help="nothing that changes a host is sent")
    shared.add_argument("--no-color", dest="color", action="store_false", help="no colours")
    shared.add_argument("--ascii", action=argparse.BooleanOptionalAction, default=None, help="(as the locale says)")
    shared.add_argument("-q", "--quiet", action="store_true", help="results only")
    shared.add_argument("-v", "--verbose", action="store_true", help="what the hosts print, and more of each thing")
    shared.add_argument(
        "--accessible", action="store_true", default=os.environ.get("ACCESSIBLE", "") not in ("", "0"),
        help="line by line, for screen readers ($ACCESSIBLE=1)",
    )  # fmt: skip
    shared.add_argument("--accept-host-key", metavar="FINGERPRINT", help="accept this unknown host key, once")
    return shared


def taking_part() -> Parser:
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


def alone(prog: str, command: str) -> Parser:
    """Of `--version` and `--info`, which stand without a command."""
    parser = Parser(prog=prog, parents=[common()])
    parser.add_argument(f"--{command}", action="store_true")
    if command == "info":
        parser.add_argument("--bundle", metavar="FILE")
    return parser


def console(prog: str) -> Parser:
    return Parser(
        prog=prog, parents=[common(), _screen()], description="The full-screen console; `rollback --help` lists all."
    )


def _watch(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--watch", nargs="?", type=duration, const=BY_FILE, help=f"{what} (as services.yaml says: 15m)")


def _afterwards(parser: argparse.ArgumentParser) -> None:
    _watch(parser, "watch after it")
    parser.add_argument("--no-watch", action="store_true", help="do not ask whether to watch it")
    parser.add_argument("--severity", choices=LEVELS, help="how severe it is; goes on record")


def _plan_options(parser: Parser) -> None:
    from tui.ways import NAMES  # only where a plan may be asked for: the console's own options need none of it

    parser.add_argument("--plan", action="store_true", help="show the plan and stop")
    parser.add_argument("--way", choices=NAMES, help="the way to take (the first of services.yaml)")
    parser.add_argument("--expect-current", type=_current, metavar="RELEASE", help="refuse unless this runs now")
    _afterwards(parser)
    parser.add_argument("--no-freeze", dest="freeze", action="store_false", help="do not hold other deploys back")
    parser.add_argument("--no-notify", dest="notify", action="store_false", help="post nothing about it")
    parser.add_argument("--keep-current", action="store_true", help="keep what runs before leaving it (4-10 s more)")
    parser.add_argument("--run-tasks", action="store_true", help="run that release's deploy tasks again")


def of_service(prog: str) -> Parser:
    parser = Parser(
        prog=prog,
        parents=[common(), taking_part()],
        description="Go back to an earlier release of SERVICE, prove it, watch it. Alone it opens the console there.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=examples.text("SERVICE"),
    )
    parser.add_argument("service", metavar="SERVICE", help="a service's or an app's name, or `all`")
    parser.add_argument("target", nargs="?", type=target, metavar="TARGET", help=TARGET_HELP)
    parser.add_argument("--list", action="store_true", help="one line a release; with TARGET everything about that one")
    parser.add_argument("--look", action="store_true", help="with --list: look for each kept image (1-3 s each)")
    _plan_options(parser)
    whole = parser.add_argument_group("for `all previous`: every service, in the order of services.yaml")
    whole.add_argument("--confirm", metavar="PHRASE", help='"all previous": the phrase that otherwise has to be typed')
    whole.add_argument("--parallel", type=int, default=1, metavar="N", help="at once, where the hosts allow it (1)")
    whole.add_argument("--except", dest="without", action="append", metavar="SERVICE", help="leave this one out")
    return parser


def _init_options(parser: Parser) -> None:
    from tui.init_config.ci import NAMES

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


def _serve_options(parser: Parser) -> None:
    parser.add_argument("--bind", metavar="ADDRESS", default="127.0.0.1", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8000, help="(8000)")
    parser.add_argument(
        "--public-url", metavar="URL", help="what browsers open, where a proxy with TLS stands before it"
    )
    parser.add_argument("--sessions", type=_sessions, default=2, metavar="N", help="at once, at most (2)")
    parser.add_argument("--allow-changes", action="store_true", help="what changes a host is possible from the browser")


def _port(text: str) -> int:
    return _between(text, 1, 65535, "port")


def _sessions(text: str) -> int:
    return _between(text, 1, 20, "number of sessions")


def _between(text: str, least: int, most: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"{text!r} is no {what}; write a number from {least} to {most}")
    return int(text)


def _status(parser: Parser) -> None:
    parser.add_argument("names", nargs="*", metavar="SERVICE")
    parser.add_argument("--watch", dest="again", action="store_true", help="again and again, until Ctrl-C")
    parser.add_argument("--every", type=duration, default=timedelta(seconds=5), help="with --watch: how often (5s)")


def _check(parser: Parser) -> None:
    parser.add_argument("names", nargs="*", metavar="SERVICE")
    parser.add_argument("--notify", action="store_true", help="send a test message to every channel, after a question")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _logs(parser: Parser) -> None:
    parser.add_argument("names", nargs=1, metavar="SERVICE")
    parser.add_argument("-n", "--num", dest="lines", type=int, default=100, help="lines (100)")
    parser.add_argument("-t", "--tail", "--follow", dest="follow", action="store_true", help="go on as it is written")


def _evidence(parser: Parser) -> None:
    parser.add_argument("names", nargs=1, metavar="SERVICE")
    parser.add_argument("--for", dest="length", type=duration, default=timedelta(seconds=60), help="how long (60s)")


def _keep(parser: Parser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask (--remove-all asks)")
    parser.add_argument("names", nargs="*", metavar="SERVICE")
    parser.add_argument("--all", action="store_true", help="every service")
    parser.add_argument(
        "--remove-all", action="store_true", help="take kept releases and records away, after a question"
    )


def _freeze(parser: Parser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; on the host's record, for all to see")
    parser.add_argument("names", nargs=1, metavar="SERVICE")


def _unfreeze(parser: Parser) -> None:
    parser.add_argument("names", nargs=1, metavar="SERVICE")
    parser.add_argument("--branch", metavar="NAME", help="the team's branch, where nobody knows it")
    parser.add_argument("--deploy-tip", action="store_true", help="then deploy the tip of the team's branch")
    _watch(parser, "watch it")


def _incidents(parser: Parser) -> None:
    parser.add_argument("--search", nargs="+", default=[], metavar="WORD", help="those in which all of these are found")


def _resume(parser: Parser) -> None:
    parser.add_argument("incident", nargs="?", metavar="ID")
    parser.add_argument("--confirm", metavar="PHRASE", help='"all previous": goes on with the services not started')
    parser.add_argument("--close", metavar="HOW", help="close it: recovered, not-recovered, aborted, fixed-forward")


def _undo(parser: Parser) -> None:
    parser.add_argument("incident", nargs="?", metavar="ID", help="(the newest that changed what serves)")
    _plan_options(parser)


def _postmortem(parser: Parser) -> None:
    parser.add_argument("incident", nargs="?", metavar="ID", help="(the only one that lacks a required one)")
    parser.add_argument("--save", metavar="FILE", help="into a new file, and note that it is written")
    parser.add_argument("--format", choices=("markdown", "html"), help="(markdown; --save FILE.html is a page too)")
    parser.add_argument("--html", dest="format", action="store_const", const="html", help="the same as --format html")
    parser.add_argument("--attach", action="store_true", help="to the incident's ticket, which counts as written")
    parser.add_argument(
        "--set", nargs=2, action="append", default=[], metavar=("FIELD", "TEXT"),
        help=f"your own words, kept in the journal: {', '.join(Field)}; empty takes them back",
    )  # fmt: skip


def _handover(parser: Parser) -> None:
    parser.add_argument("incident", nargs="?", metavar="ID", help="(the only open one)")


def _replay(parser: Parser) -> None:
    parser.add_argument("incident", metavar="ID")
    parser.add_argument("--speed", type=_speed, default=10, metavar="N", help="so many times as fast, 1 to 60 (10)")


def _drill(parser: Parser) -> None:
    parser.add_argument("destination", metavar="HOST", help="a host of services.yaml, or dokku@host[:port]")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _stats(parser: Parser) -> None:
    parser.add_argument("--since", type=period, default=timedelta(days=90), help="how far back (90d)")
    parser.add_argument("--openmetrics", metavar="FILE", help="into a file for a metrics collector, which is replaced")


def _confirm(parser: Parser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; goes into the record")
    parser.add_argument("plan_id", nargs="?", metavar="PLAN-ID", help="(without: those that wait, and their ends)")
    _afterwards(parser)
    parser.add_argument("--no-notify", dest="notify", action="store_false", help="post nothing about it")


def _sandbox(parser: Parser) -> None:
    parser.add_argument("--serve", action="store_true", help="only serve; prints one JSON line")
    parser.add_argument("--dokku", default="0.35.15", choices=("0.35.15", "0.38.27", "plugins"), help="profile")
    parser.add_argument("--pace", default="recorded", help="recorded, fast or a factor")
    parser.add_argument("--scenario", help="scripted trouble")
    parser.add_argument(
        "--game-day", nargs="?", const="", metavar="SEED",
        help="trouble that you do not know; what was quick and what was missed is told at the end",
    )  # fmt: skip


def _config(parser: Parser) -> None:
    parser.add_argument(
        "topic", choices=("show", "path", "schema"),
        help="each value and where it comes from; the file and where it is looked for; its JSON Schema",
    )  # fmt: skip


def _help(parser: Parser) -> None:
    parser.add_argument("topic", nargs="?", metavar="TOPIC", help="a topic or a command")


def _completion(parser: Parser) -> None:
    parser.add_argument("topic", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish")


def _nothing(parser: Parser) -> None:
    """It has no options of its own."""


_PARSERS: dict[str, tuple[str, Callable[[Parser], None], Callable[[], Parser] | None]] = {
    "init": ("write services.yaml for a host, or add its new apps", _init_options, None),
    "status": ("health now, what runs, open incidents", _status, None),
    "check": ("configuration, keys, host, capabilities, what is beside it; each with its fix", _check, None),
    "logs": ("the service's log", _logs, None),
    "evidence": ("error rates and response times, measured now", _evidence, None),
    "keep": ("keep what runs now, so that there is a way back to it", _keep, None),
    "freeze": ("hold deploys back", _freeze, None),
    "unfreeze": ("let deploys through again", _unfreeze, taking_part),
    "incidents": ("the journal's incidents", _incidents, None),
    "resume": ("take an open incident up where it stands", _resume, taking_part),
    "undo": ("forward again to what an incident left", _undo, taking_part),
    "postmortem": ("an incident's post-mortem, filled from the journal", _postmortem, None),
    "guard": ("watch a deploy: CI's push behind `--`, or what runs now (exit 0, 6, 7)", guard_options.guard, None),
    "abort": ("end a guard, until its rollback's push has left", guard_options.abort, None),
    "handover": ("what the next person has to know, on one page", _handover, None),
    "replay": ("a closed incident in the console once more", _replay, _screen),
    "drill": ("the way back of a real host, tried on a throw-away app", _drill, None),
    "stats": ("recovery times, rollbacks, verdicts, drills: the journal's", _stats, None),
    "mcp": ("what agents may read, on stdin and stdout (an extra)", _nothing, None),
    "confirm": ("carry out a plan that an agent proposed", _confirm, None),
    "serve": ("the console in a browser (an extra), read-only", _serve_options, None),
    "sandbox": ("a pretend host with a bad release already out", _sandbox, _screen),
    "config": ("services.yaml: what holds, and from where", _config, None),
    "help": ("a page on a topic, or the list of topics", _help, None),
    "completion": ("a script that completes commands and options", _completion, None),
}
"""each command: what it is for, what adds its options, and what it shares with some others"""


def commands(prog: str, only: str | None = None) -> Parser:
    """The parser of all commands, or of the one that was typed: a parser costs as much as a line of `status`."""
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
    parser.add_argument("--info", action="store_true", help="what a report of a fault needs (--bundle: in a file)")
    parser.add_argument("--bundle", metavar="FILE", help="with --info: commands and faults too, without secrets")
    sub = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    shared = common()
    for name in _PARSERS if only is None else (only,):
        what, options, more = _PARSERS[name]
        one = sub.add_parser(name, parents=[shared, more()] if more else [shared], help=what)
        options(one)
        if not one.epilog:
            one.formatter_class = argparse.RawDescriptionHelpFormatter
            one.epilog = examples.text(name)
    return parser


def tables(prog: str = "rollback") -> dict[str, argparse.ArgumentParser]:
    """The parser of every command by its name, and that of `rollback SERVICE` as `SERVICE`."""
    of_commands = commands(prog)
    sub = next(one for one in of_commands._actions if isinstance(one, argparse._SubParsersAction))
    return {**sub.choices, "SERVICE": of_service(prog)}
