"""Header, releases, timeline and commands sent: snapshots in, rows out. The services have `service_rows`."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tui.console.drawing import labels, rows
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import Piece, Row
from tui.incident import announcements
from tui.incident.deploy_or_not import ahead
from tui.model.errors import Refused
from tui.model.host import Link
from tui.model.incident import Closing, Incident, Question
from tui.model.outcome import Exited, describe
from tui.model.release import Release, Target, TargetKind, WayBack
from tui.model.service import Host
from tui.releases import choose_release

if TYPE_CHECKING:
    from tui.engine.releases.catalog import Listing
    from tui.model.trail import Sent

SPAN = timedelta(minutes=15)
"""what the sparkline shows"""
DATED = 90
"""columns from which on releases show the date beside the age"""


def header(
    *,
    environment: str,
    host: Host,
    link: Link,
    read_only: bool,
    by: str,
    incident: Incident | None,
    now: datetime,
    cells: int,
    palette: Palette,
) -> Row:
    """The header: environment and host, state of the link, read-only or not, incident, person and time, as one row."""
    band = "SANDBOX" if host.sandbox else rows.safe(environment, 16).upper()
    look = {"SANDBOX": "band-sandbox", "PRODUCTION": "band-production", "STAGING": "band-staging"}.get(band, "band")
    state, word, heard = labels.link(link, now)
    right: list[Piece] = []
    if read_only:
        right.extend([("READ-ONLY", "band"), (" ", "")])
    if incident is not None:
        severity = f" {incident.severity}" if incident.severity else ""
        said, style = f"{severity} {labels.BRIEF[incident.state]}", "warn"
        if incident.guard is not None and not incident.wrote and incident.plan is None:
            said, style = (" guarded", "run") if incident.open else (" guard over", "dim")
            if incident.asking is Question.WATCH_BREACHED or incident.closing is Closing.NOT_RECOVERED:
                said, style = " BREACHED", "down"
        right.extend([(f"{incident.service}{said}", style), ("  ", "")])
        if any(not one.delivered for one in announcements.standing(incident.deliveries)):
            right.extend([("NOT TOLD", "down"), ("  ", "")])
    right.append((f"{rows.safe(by.partition('@')[0], 16)}  {now:%H:%MZ} ", "dim"))
    left: list[Piece] = [(f" {band} ", look), (f" {palette.sign(state)} {word}", state), (heard, "dim"), (" ", "")]
    room = cells - rows.width(tuple(left)) - rows.width(tuple(right)) - 1
    left.append((rows.fit(rows.safe(host.ssh, 60), max(0, room)), ""))
    return (*left, (" ", ""), *right)


# ── releases ─────────────────────────────────────────────────────────────────────────────────────────────────────


def previous_of(service: str, listing: "Listing", now: datetime, longest: timedelta) -> tuple[Release | None, str]:
    """The release that `previous` means now, with the reason; or none, and why there is none."""
    from tui.ways import previous_twice  # the ways and Dokku's language: no first picture has a list of releases

    held = previous_twice.refusal(service, listing.releases, listing.current, listing.record, now, longest)
    if held is not None:
        return None, f"{held[1].message}. To go further back, choose the release"
    try:
        choice = choose_release.choose(Target(kind=TargetKind.PREVIOUS), listing.releases)
    except Refused as error:
        return None, error.message
    passed = "; ".join(f"{name} {why}" for name, why in choice.skipped if why != "it runs now")
    reason = "served last before the one that runs"
    return choice.release, f"{reason}; passed over: {passed}" if passed else reason


def why_not(release: Release) -> str:
    """The reason why a release cannot be chosen; empty when it can."""
    if release.running and not release.down:
        return "it runs now"
    if release.way is None:
        return "; ".join(f"{w.way}: {w.reason}" for w in release.ways if not w.available) or "no way back is known"
    return ""


def release_head(cells: int) -> Row:
    """The headings over releases: what each column is."""
    date = f"{'LAST SERVED':<13}" if cells >= DATED else ""
    return (
        (rows.fit(f"  {'RELEASE':<16}{'AGE':<9}{date}{'COMMIT':<10}{'WAY, COST':<13}SUBJECT", cells).rstrip(), "dim"),
    )


def release_row(
    release: Release, *, previous: bool, now: datetime, cells: int, palette: Palette, way: WayBack | None = None
) -> Row:
    """One release: what it is, when it served, how to get there and at what cost, or why not. With `way`: another way
    to the release of the row above."""
    if way is not None:
        before = 16 + 9 + (13 if cells >= DATED else 0) + 10
        return ((" " * before, ""), (_cost(way), ""), (f"  {rows.safe(way.reason, 80)}" if way.reason else "", "dim"))
    ran = release.last_served or release.kept_at or release.deployed_at
    served = ran or release.committed_at
    when = f"{labels.age(now - served)} ago" if served and not ahead(served, now) else "unknown"
    if release.running and not release.down:
        when = "now"  # when it was last seen is not when it came
    # a commit that was never seen to serve has an age, and no time at which it served
    date = rows.fit(f"{ran:%m-%d %H:%M}" if ran else "", 13) if cells >= DATED else ""
    no, why = why_not(release), ""
    if release.running and not release.down:
        end: Piece = ("RESTARTING", "down") if release.restarting else ("RUNNING", "run")
    elif no or release.way is None:
        end, why = ("none", "unknown"), rows.safe(no, 200)
    else:
        end = (_cost(release.way), "ok")
    pieces: list[Piece] = [
        (rows.fit(release.name, 15) + " ", "bold" if previous else ""),
        (rows.fit(when, 9), ""),
        (date, "dim"),
        (rows.fit((release.commit or "unknown")[:9], 10), "dim"),
        (end[0].ljust(12), end[1]),
    ]
    if why:
        pieces.append((f" {why} ", "unknown"))  # before the subject: a release without a way back is not chosen by that
    if previous:
        pieces.append((f" {palette.sign('ok')} previous", "focus"))
    if release.down:
        pieces.append((f" {palette.sign('down')} DOWN: deployed last, nothing of it runs", "down"))
    if release.bad is not None:
        pieces.append((f" {palette.sign('down')} BAD: {rows.safe(release.bad, 60)}", "down"))
    if release.failed is not None:
        pieces.append((f" {palette.sign('warn')} {rows.safe(release.failed, 60)}", "warn"))
    if release.subject:
        pieces.append((f" {rows.safe(release.subject, 80)}", "" if previous else "dim"))
    if release.tag and cells >= 110:
        pieces.append((f"  tag:{release.tag}", "dim"))
    return tuple(pieces)


def ways_of(release: Release) -> tuple[WayBack, ...]:
    """The ways that lead to a release now, the preferred one first; none to what runs."""
    return () if release.running and not release.down else tuple(w for w in release.ways if w.available)


def _cost(way: WayBack) -> str:
    return f"{way.way} ~{way.seconds:.0f} s" if way.seconds else way.way


# ── timeline and trail ───────────────────────────────────────────────────────────────────────────────────────────


def trail_row(sent: "Sent") -> Row:
    """One command that was sent."""
    end = describe(sent.outcome) if sent.outcome else "under way"
    good = sent.outcome == Exited(code=0)
    took = f" {sent.seconds:.1f}s" if sent.seconds is not None else ""
    return (
        (f"{sent.at:%H:%M:%S} ", "dim"),
        ("WRITE " if sent.writes else "read  ", "warn" if sent.writes else "dim"),
        (rows.fit(f"{rows.safe(end, 60)}{took}", 14) + " ", "dim" if good else "warn"),
        (rows.safe(" ".join(sent.argv), 300), ""),
    )
