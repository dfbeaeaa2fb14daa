"""The changes that a rollback takes back, and the others, in words: the same on the plan's page, the command line and
in the post-mortem. The change that came nearest before the first failure comes first: it is the first suspect.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from tui.incident import deploy_or_not
from tui.incident.config_drift import Drift
from tui.model.commit_range import CommitRange
from tui.model.history import Commit
from tui.model.incident import Incident
from tui.model.ledger import ConfigSeen, Ledger
from tui.model.taken_back import ChangeKind, Happened, TakenBack

WINDOW = timedelta(hours=6)
"""how far back it is asked what else changed"""
UNSEEN = timedelta(minutes=30)
"""a service that this machine has not looked at for so long may have been deployed meanwhile"""
NAMES = 3
"""names that are listed before the rest is counted"""


def of(lying: CommitRange, drift: Drift) -> TakenBack:
    """The changes that the plan takes back, from what was compared for it."""
    return TakenBack(
        unknown=lying.unknown,
        commits=lying.commits,
        commit_count=lying.commit_count,
        returns=lying.returns,
        files=lying.files,
        file_count=lying.file_count,
        migrations=lying.migrations,
        config_unknown=drift.unknown,
        config_added=tuple(name for name, _ in drift.added),
        config_removed=tuple(name for name, _ in drift.removed),
        config_changed=tuple(name for name, _ in drift.changed),
    )


# ── what else changed ────────────────────────────────────────────────────────────────────────────────────────────────


def seen(service: str, ledger: Ledger, since: datetime, *, deploys: bool) -> Iterator[Happened]:
    """Deploys, rollbacks and changes of config that this machine saw of a service. What it saw first of all is no
    change: it may have been so for years."""
    if deploys:
        for last, now in zip((None, *ledger.sightings), ledger.sightings, strict=False):
            at = now.started_at or now.first_seen
            if at < since or (last is None and now.started_at is None):
                continue
            if last is not None and last.is_same(now):
                continue
            kind = ChangeKind.ROLLBACK if now.attempt is not None else ChangeKind.DEPLOY
            what = f" {now.commit[:9]}" if now.commit else ""
            verb = "rolled back to" if now.attempt is not None else "deployed"
            text = f"{service} {verb}{what}" if what else f"{service} {verb.removesuffix(' to')}"
            yield Happened(at=at, kind=kind, service=service, text=text)
    for before, config in zip(ledger.configs, ledger.configs[1:], strict=False):
        names = _differ(before, config)
        if config.first_seen >= since and names:
            text = f"config of {service}: {listed(names)}"
            yield Happened(at=config.first_seen, kind=ChangeKind.CONFIG, service=service, text=text)


def _differ(before: ConfigSeen, now: ConfigSeen) -> tuple[str, ...]:
    """Names whose value is another one; of another machine's hashes only the names can be compared."""
    old, new = dict(before.keys), dict(now.keys)
    if before.key != now.key:
        return tuple(sorted(old.keys() ^ new.keys()))
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))


def opened(incident: Incident) -> Happened:
    """An open incident of another service."""
    text = f"incident on {incident.service} ({incident.state.value})"
    return Happened(at=incident.opened_at, kind=ChangeKind.INCIDENT, service=incident.service, text=text)


def unseen(service: str, ledger: Ledger, now: datetime) -> bool:
    """True if deploys of that service may have gone by unseen."""
    return not ledger.sightings or now - ledger.sightings[-1].last_seen > UNSEEN


def nearest_first(changes: Iterable[Happened], failed: datetime | None) -> tuple[Happened, ...]:
    """The changes: the nearest before the first failure on top, then those before it, then those after the failure."""
    every = sorted(changes, key=lambda one: one.at, reverse=True)
    if failed is None:
        return tuple(every)
    return (*(c for c in every if c.at <= failed), *(c for c in every if c.at > failed))


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def summary(found: TakenBack, *, named: bool = True) -> str:
    """All that is taken back, in one sentence. `named`: with who wrote it."""
    return "; ".join((*_code(found, named), config(found)))


def summaries(found: TakenBack) -> Iterator[str]:
    """The same from the longest to the shortest: without who wrote it, in fewer words, and without what is as usual."""
    yield summary(found)
    yield summary(found, named=False)
    every = (*found.config_changed, *found.config_removed, *found.config_added)
    keys = (f"config {listed(every)} stays",) if every else ()
    yield "; ".join((*_code(found, named=False), *(keys or (config(found),))))
    calm = found.unknown or found.migrations
    code = [text for number, text in enumerate(_code(found, named=False)) if calm or not number]
    yield "; ".join((*code, *keys, *(("config values unknown",) if found.config_unknown and not keys else ())))


def _code(found: TakenBack, named: bool) -> Iterator[str]:
    if found.unknown:
        yield f"commits, files and migrations unknown: {found.unknown}"
        return
    by = authors(found.commits) if named else ""
    commits = f"{_count(found.commit_count, 'commit')}{f' by {by}' if by else ''}"
    if found.returns:
        commits += f", {_count(found.returns, 'commit')} of the target's come back"
    yield f"{commits}, {_count(found.file_count, 'file')}"
    yield f"migrations NOT taken back: {listed(found.migrations)}" if found.migrations else "no migration"


def config(found: TakenBack) -> str:
    """The changes of config keys, by names; they stay as they are now."""
    parts = [f"{word} {listed(names)}" for word, names in _keys(found) if names]
    if parts:
        return f"config stays as it is: {', '.join(parts)}"
    return "config values unknown" if found.config_unknown else "no config key changed"


def _keys(found: TakenBack) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("changed", found.config_changed), ("gone", found.config_removed), ("new", found.config_added)


def authors(commits: Iterable[Commit]) -> str:
    """The authors, each once."""
    return listed(tuple(dict.fromkeys(c.author for c in commits if c.author)))


def also(found: TakenBack, failed: datetime | None, now: datetime, most: int = 3) -> str:
    """The other changes, the first suspect on top; where nothing is known of, that is said."""
    if found.since is None:
        return "not asked"
    hours = round((now - found.since).total_seconds() / 3600)
    every = nearest_first(found.nearby, failed)
    said = [ago(one, failed, now, first=number == 0) for number, one in enumerate(every[:most])]
    if len(every) > most:
        said.append(f"{len(every) - most} more")
    if not said:
        said.append(f"nothing seen in {hours} h")
    if found.gaps:
        said.append(f"not known: {', '.join(found.gaps)}")
    return "; ".join(said)


def others(found: TakenBack, failed: datetime | None, now: datetime) -> Iterator[str]:
    """The other changes from the longest to the shortest: fewer of them, at last the first suspect alone."""
    for most in (3, 2, 1):
        yield also(found, failed, now, most)
    every = nearest_first(found.nearby, failed)
    if every:
        more = f"; {len(every) + len(found.gaps) - 1} more" if len(every) + len(found.gaps) > 1 else ""
        yield ago(every[0], failed, now, first=True) + more
        yield ago(every[0], failed, now) + more


def ago(one: Happened, failed: datetime | None, now: datetime, *, first: bool = False) -> str:
    """One change with its age, and whether it came nearest before the first failure."""
    return f"{one.text} {deploy_or_not.ago(one.at, now)}{_suspect(one, failed, first=first)}"


def _suspect(one: Happened, failed: datetime | None, *, first: bool) -> str:
    """`first`: it is on top of `nearest_first`."""
    return " (last before it failed)" if first and failed is not None and one.at <= failed else ""


def details(found: TakenBack, failed: datetime | None) -> Iterator[tuple[str, str]]:
    """Everything that is known, as pairs of heading and line."""
    for commit in found.commits:
        when = f"{commit.at:%Y-%m-%d %H:%MZ} " if commit.at else ""
        yield "commits", f'{commit.id[:9]} {when}"{commit.subject}" ({commit.author or "unknown"})'
    if found.commit_count > len(found.commits):
        yield "commits", f"and {found.commit_count - len(found.commits)} more"
    for path in found.files:
        yield "files", path
    if found.file_count > len(found.files):
        yield "files", f"and {found.file_count - len(found.files)} more"
    for path in found.migrations:
        yield "migrations, which are not undone", path
    for word, names in _keys(found):
        for name in names:
            yield "config keys, which stay as they are now", f"{name} ({word})"
    for number, one in enumerate(nearest_first(found.nearby, failed)):
        yield "changed nearby", f"{one.at:%H:%M:%S}Z {one.text}{_suspect(one, failed, first=number == 0)}"
    for gap in found.gaps:
        yield "changed nearby", f"not known: {gap}"


def listed(names: tuple[str, ...]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - NAMES
    return ", ".join(names[:NAMES]) + (f" and {more} more" if more > 0 else "")


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
