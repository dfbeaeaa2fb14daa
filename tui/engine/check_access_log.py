"""The part of an app's access log that will be understood in an incident: a few real lines of it are read in
daylight."""

from tui.dokku import access_log, commands
from tui.engine.engine import Engine
from tui.engine.monitor.access_log_follower import hidden
from tui.model.errors import LinkError
from tui.model.finding import Finding, Result
from tui.model.outcome import Answer, describe
from tui.model.service import Service
from tui.text.clean import clean_line, decode

_TOPIC = "access-log"
_FIX = (
    "`nginx:set {app} access-log-format`: a format with the status in it, e.g. nginx's combined; then nginx:show-config"
)


async def look(engine: Engine, of: Service) -> tuple[str | LinkError, list[Finding]]:
    """The log's last lines, or why they were not asked for; and how many of them are understood, and what they lack."""
    try:
        told = await engine.links.ask(of.host, commands.access_logs(of.app))
    except LinkError as error:
        return error, [_line(of, Result.NOTE, f"its access log was not read: {error.message}")]
    if not told.ok:
        return "", [_line(of, Result.NOTE, unread(told))]
    log = decode(told.stdout)
    return log, said(of, log.split("\n"))


def unread(told: Answer) -> str:
    """Why it was not read, from the answer of a host that did not show it."""
    why = clean_line(decode(told.stderr), 160)
    words = f"its access log was not read: {why or describe(told.outcome)}"
    if "-access.log" in why:
        words += "; a proxy that is not nginx has its log elsewhere: error rates come from other sources then"
    return words


def said(of: Service, raw: list[str]) -> list[Finding]:
    """The findings on these lines."""
    lines = [line for line in raw if line.strip()]
    if not lines:
        words = "its access log has no line: no traffic yet, or access_log off"
        return [_line(of, Result.NOTE, words)]
    read = [(line, entry) for line in lines if (entry := access_log.read(line)) is not None]
    unread = [line for line in lines if access_log.read(line) is None]
    if unread:
        words = f"{len(unread)} of the last {len(lines)} lines of its access log are not understood, like "
        words += f"{hidden(unread[-1])[:60]}: they widen every error rate"
        grave = len(unread) * 2 > len(lines)
        found = [_line(of, Result.FINDING if grave else Result.NOTE, words, _FIX.format(app=of.app))]
    else:
        times = "with" if any(entry.seconds is not None for _, entry in read) else "without"
        words = f"the last {len(lines)} lines of its access log are understood, {times} response times"
        found = [_line(of, Result.OK, words)]
    ours = [line for line, entry in read if entry.kind is access_log.Kind.OWN]
    if ours and not any(access_log.shows_agents(line) for line in ours):
        words = "its access log names no user agent: our own health requests are counted as those of users"
        found.append(_line(of, Result.NOTE, words, _FIX.format(app=of.app)))
    return found


def _line(of: Service, result: Result, text: str, fix: str = "") -> Finding:
    return Finding(subject=of.name, topic=_TOPIC, result=result, text=text, fix=fix)
