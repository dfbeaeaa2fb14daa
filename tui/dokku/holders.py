"""Holders and incident records: their names, and what is in their config.

A holder's name alone carries app, release number and tag, so that one `apps:list` lists every kept release of a host:
`<app>--r<N>--pre-deploy-<YYYYMMDD>-<HHMMSS>` (UTC).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from tui.dokku import commands
from tui.dokku.config_values import read_stamp, restored, stamp, unwrap, wrap
from tui.model.errors import Refused
from tui.model.host import Capabilities
from tui.model.release import Arrival, Came, Release, Source
from tui.model.value import Value
from tui.text.clean import clean_line

SEAL_BRANCH = "kept-do-not-build"
"""a deploy branch without commits: a rebuild of the holder is refused instead of silently taking what runs now"""
FILES_BRANCH = "main"
FILES_FOLDER = ".rollback"
LONGEST = 63
_ROOM = 28
"""characters of a holder's name for its app, up to release 9999"""
_HOLDER = re.compile(
    r"(?P<app>[a-z0-9][a-z0-9.-]*)--r(?P<number>[1-9][0-9]{0,8})--(?P<tag>pre-deploy-(?P<day>[0-9]{8})-(?P<time>[0-9]{6}))"
)
_NEW = re.compile(r"[a-z0-9][a-z0-9.-]*")
STALE_AFTER_WATCH = timedelta(minutes=10)
STALE_AFTER_OPENING = timedelta(minutes=30)


OWN_KEYS = "ROLLBACK_"
"""begins every variable that this program sets on its own apps"""
BAD = "ROLLBACK_BAD"
REASON = "ROLLBACK_REASON"
LEFT_BAD = "ROLLBACK_LEFT_BAD"
CAME = "ROLLBACK_CAME"
IMAGE = "ROLLBACK_IMAGE"
BUILDER = "ROLLBACK_BUILDER"
CONFIG_KEYS = "ROLLBACK_CONFIG_KEYS"
RESTORE = "ROLLBACK_RESTORE"
UNHELD = "ROLLBACK_UNHELD"
DEPLOY = "ROLLBACK_DEPLOY"
WATCH_UNTIL = "ROLLBACK_WATCH_UNTIL"
GUARDING = "guarding"
"""the state of a record that is a guard's claim"""
ABORTED = "aborted"
"""the state of a guard's record by which it is told to stop before its pack leaves"""


class Holder(Value):
    """A holder's name, taken apart."""

    app: str
    """the beginning of the name: the app's own, or what stands for it"""
    number: int
    tag: str
    at: datetime


class IncidentRecord(Value):
    """The incident record of an app. No incident yet: it is just being created, and its owner is not known."""

    app: str
    incident: str | None = None
    by: str | None = None
    since: datetime | None = None
    state: str | None = None
    watch_until: datetime | None = None
    deploy_branch: str | None = None
    """the team's branch, while the app is frozen"""
    to: str | None = None
    """the release that the incident's rollback leads to; None: it has planned none, or an older console did"""
    checks: tuple[str, str] | None = None
    """how the team had set its zero-downtime checks, disabled and skipped, before a stop-first service went back"""
    created_at: datetime | None = None
    """when the app was created: all that is known of a record without keys"""
    restore: tuple[tuple[str, str], ...] = ()
    """settings of the app that a push needed otherwise, name → value to put back, see `build_gate`"""
    unheld: str | None = None
    """how the team deploys, where no freeze holds that back: docker-image or tar"""
    deploy: str | None = None
    """the metadata of the deploy that a guard followed, or follows"""
    reason: str = ""
    """why it was frozen by hand, as whoever did it said"""
    gone: bool = False
    """there is no such app: only the deploy branch still tells of the freeze"""

    @property
    def began(self) -> datetime | None:
        """When it began, or its app was created; None: the host does not say."""
        return self.since or self.created_at

    @property
    def frozen(self) -> bool:
        """Left behind by a closed incident to hold the old branch: not an open incident."""
        return self.state == "frozen"

    @property
    def guarding(self) -> bool:
        """A guard's claim on a deploy: nothing is wrong so far, and a person's rollback needs no word to go before."""
        return self.state == GUARDING


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────


def stem(app: str) -> str:
    """The beginning of the names of an app's holders and record: the app's own name, where Dokku takes it for new apps.

    Apps of older hosts may have underscores and capitals, which `apps:create` refuses since 0.22. Theirs are replaced,
    and a mark keeps `my_app` apart from `my-app`.
    """
    if _NEW.fullmatch(app):
        return app
    mark = hashlib.sha256(app.encode()).hexdigest()[:6]
    return f"{re.sub(r'[^a-z0-9.-]', '-', app.lower())}-{mark}"


def _stems(app: str) -> tuple[str, str]:
    """The beginnings of the names of an app's holders: `stem`, and a short one where that would be too long."""
    whole = stem(app)
    if len(whole) <= _ROOM:
        return whole, whole
    return whole, f"{whole[: _ROOM - 7].rstrip('.-')}-{hashlib.sha256(app.encode()).hexdigest()[:6]}"


def holder_name(app: str, number: int, at: datetime) -> str:
    """The holder's name, with the app's name cut where it would be too long. Raises Refused where it still is."""
    end = f"--r{number}--pre-deploy-{at.astimezone(UTC):%Y%m%d-%H%M%S}"
    whole, short = _stems(app)
    name = f"{whole if len(whole) + len(end) <= LONGEST else short}{end}"
    if len(name) > LONGEST:
        raise Refused(
            f"{name} has {len(name)} characters, {LONGEST} are possible",
            "take away what is kept of the app: the numbers begin anew then",
        )
    return name


def parse_holder(name: str) -> Holder | None:
    """The parts of a holder's name, or None for every other name."""
    found = _HOLDER.fullmatch(name)
    if found is None or len(name) > LONGEST:
        return None
    try:
        at = datetime.strptime(found["day"] + found["time"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Holder(app=found["app"], number=int(found["number"]), tag=found["tag"], at=at)


def holds(name: str, app: str) -> bool:
    """True if a name is that of a holder of this app."""
    found = parse_holder(name)
    return found is not None and found.app in _stems(app)


def number_of(holder: str) -> int:
    """The release number in a holder's name. Raises ValueError for every other name."""
    if (found := parse_holder(holder)) is None:
        raise ValueError(f"{holder} is no holder")
    return found.number


def time_of(holder: str) -> datetime:
    """When a holder was made. Raises ValueError for every other name."""
    if (found := parse_holder(holder)) is None:
        raise ValueError(f"{holder} is no holder")
    return found.at


FROZEN_BY = "frozen-by-"


def frozen_branch(incident: str) -> str:
    """The deploy branch that holds deploys back for an incident."""
    return f"{FROZEN_BY}{incident}"


def is_frozen(branch: str | None) -> bool:
    """True if a deploy branch holds deploys back, whoever set it: no team has a branch of that name."""
    return branch is not None and branch.startswith(FROZEN_BY)


def incident_record(app: str) -> str:
    """The app whose creation takes an incident."""
    return f"{stem(app)}--incident"


def takeover_lock(app: str) -> str:
    """The app whose creation guards taking a record over."""
    return f"{stem(app)}--takeover"


def is_record(name: str) -> bool:
    """True if a name is that of a record or a lock of this program."""
    return name.endswith(("--incident", "--takeover"))


def is_ours(name: str) -> bool:
    """True if an app is a holder or record: hidden from what people see."""
    return parse_holder(name) is not None or is_record(name)


def next_number(app: str, names: Iterable[str]) -> int:
    """One more than the highest number of that app's holders."""
    return max((number_of(name) for name in names if holds(name, app)), default=0) + 1


# ── what is in their config ───────────────────────────────────────────────────────────────────────────────────────────


def holder_pairs(
    *,
    release: int,
    commit: str | None,
    source: str | None,
    deployed_at: datetime | None,
    kept_at: datetime,
    kept_by: str,
    last_served: datetime | None,
    image: str | None = None,
    builder: str | None = None,
    config_keys: tuple[str, ...] = (),
) -> tuple[tuple[str, str], ...]:
    """The facts of a release for its holder's config; unknown is absent. `config_keys`: names, never values."""
    found = (
        ("ROLLBACK_SCHEMA", "1"),
        ("ROLLBACK_RELEASE", str(release)),
        ("ROLLBACK_COMMIT", commit),
        ("ROLLBACK_SOURCE", source),
        ("ROLLBACK_DEPLOYED_AT", stamp(deployed_at) if deployed_at else None),
        ("ROLLBACK_KEPT_AT", stamp(kept_at)),
        ("ROLLBACK_KEPT_BY", re.sub(r"\s+", "_", kept_by)),
        ("ROLLBACK_LAST_SERVED", stamp(last_served) if last_served else None),
        (IMAGE, image),
        (BUILDER, builder),
        (CONFIG_KEYS, ",".join(name for name in config_keys if _KEY.fullmatch(name))),
    )
    return tuple((key, value) for key, value in found if value)


def mark_pairs(
    *,
    served_as: tuple[str, ...] | None = None,
    last_served: datetime | None = None,
    left_bad: tuple[tuple[str, str], ...] | None = None,
    bad: str | None = None,
    came: Arrival | None = None,
) -> tuple[tuple[str, str], ...]:
    """The words that are noted on a holder later."""
    found: list[tuple[str, str]] = []
    if came is not None:
        found.append((CAME, _arrival_pair(came)))
    if served_as is not None:
        found.append(("ROLLBACK_SERVED_AS", ",".join(dict.fromkeys(served_as))))
    if last_served is not None:
        found.append(("ROLLBACK_LAST_SERVED", stamp(last_served)))
    if left_bad:
        found.append((LEFT_BAD, ",".join(f"{commit}:{wrap(why)}" for commit, why in left_bad)))
    if bad is not None:
        found.append((BAD, wrap(bad or "no reason given")))
    return tuple(found)


_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ATTEMPT = re.compile(r"[a-z0-9-]{1,32}\.[0-9]{1,4}")


def release_from_config(holder: str, config: Mapping[str, str]) -> Release:
    """The release a holder retains; what is malformed is unknown. Raises ValueError for a name of no holder."""
    name = parse_holder(holder)
    if name is None:
        raise ValueError(f"{holder} is no holder")
    commit = config.get("ROLLBACK_COMMIT", "")
    bad = config.get(BAD)
    by = config.get("ROLLBACK_KEPT_BY")
    return Release(
        app=name.app,
        number=name.number,
        tag=name.tag,
        commit=commit if _COMMIT.fullmatch(commit) else None,
        served_as=tuple(c for c in config.get("ROLLBACK_SERVED_AS", "").split(",") if _COMMIT.fullmatch(c)),
        source=clean_line(config["ROLLBACK_SOURCE"]) if config.get("ROLLBACK_SOURCE") else None,
        image=clean_line(config[IMAGE], 300) if config.get(IMAGE) else None,
        builder=clean_line(config[BUILDER], 100) if config.get(BUILDER) else None,
        config_keys=tuple(k for k in config.get(CONFIG_KEYS, "").split(",") if _KEY.fullmatch(k)),
        deployed_at=read_stamp(config.get("ROLLBACK_DEPLOYED_AT")),
        kept_at=read_stamp(config.get("ROLLBACK_KEPT_AT")) or name.at,
        kept_by=clean_line(by) if by else None,
        last_served=read_stamp(config.get("ROLLBACK_LAST_SERVED")),
        came=_came(config.get(CAME, "")),
        bad=None if bad is None else unwrap(bad),
        left_bad=_left_bad(config.get(LEFT_BAD, "")),
        holder=holder,
        origin=Source.HOLDER,
    )


def _arrival_pair(came: Arrival) -> str:
    by = re.sub(r"[\s,]+", "_", came.by or "")
    return ",".join((came.kind.value, came.attempt, stamp(came.at) if came.at is not None else "", by))


def _came(text: str) -> Arrival | None:
    """The arrival of a release, as `ROLLBACK_CAME` has it: kind, attempt, time and person, with commas between."""
    words = clean_line(text).split(",")
    if len(words) != 4 or words[0] not in list(Came) or not _ATTEMPT.fullmatch(words[1]):
        return None
    return Arrival(kind=Came(words[0]), attempt=words[1], at=read_stamp(words[2]), by=words[3] or None)


def _left_bad(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (entry.partition(":") for entry in text.split(",") if entry)
    return tuple((commit, unwrap(why)) for commit, _, why in pairs if _COMMIT.fullmatch(commit))


def record_pairs(incident: str, by: str, since: datetime, state: str) -> tuple[tuple[str, str], ...]:
    """The words that every incident record begins with: whose it is, since when, and in which state."""
    return (
        ("ROLLBACK_SCHEMA", "1"),
        ("ROLLBACK_INCIDENT", incident),
        ("ROLLBACK_BY", by),
        ("ROLLBACK_SINCE", stamp(since)),
        ("ROLLBACK_STATE", state),
    )


def record_from_config(app: str, config: Mapping[str, str], created_at: datetime | None = None) -> IncidentRecord:
    """The incident record as its config says; what is missing is unknown."""

    def word(key: str) -> str | None:
        value = config.get(f"ROLLBACK_{key}")
        return clean_line(value, 200) if value else None

    return IncidentRecord(
        app=app,
        incident=word("INCIDENT"),
        by=word("BY"),
        since=read_stamp(config.get("ROLLBACK_SINCE")),
        state=word("STATE"),
        watch_until=read_stamp(config.get("ROLLBACK_WATCH_UNTIL")),
        deploy_branch=word("DEPLOY_BRANCH"),
        to=word("TO"),
        checks=_two(word("CHECKS")),
        restore=restored(word("RESTORE") or ""),
        unheld=word("UNHELD"),
        deploy=word("DEPLOY"),
        reason=unwrap(config.get(REASON, "")),
        created_at=created_at,
    )


def _two(text: str | None) -> tuple[str, str] | None:
    """`disabled:skipped`, as `ROLLBACK_CHECKS` has it."""
    first, colon, second = (text or "").partition(":")
    return (first, second) if colon and first and second else None


def lost_record(app: str, branch: str) -> IncidentRecord:
    """The record that was destroyed by hand, as far as a frozen branch tells of it: who froze it, and no branch to give
    back."""
    return IncidentRecord(app=app, incident=branch.removeprefix(FROZEN_BY) or None, state="frozen", gone=True)


def record_is_stale(record: IncidentRecord, now: datetime) -> bool:
    """Ten minutes after its watch, or thirty after its opening without one, somebody else may take the record over.
    A stale deploy lock is another thing: `incident/landed`."""
    if record.watch_until is not None:
        return now > record.watch_until + STALE_AFTER_WATCH
    return record.began is not None and now > record.began + STALE_AFTER_OPENING


def forbid(holder: str, known: Capabilities, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], ...]:
    """The commands that keep a holder from ever being deployed or cleaned up, and write its facts.

    0.35 obeys two variables (the value has to be the word `true`), 0.38 ignores them and has properties instead.
    """
    settings: list[tuple[str, str]] = []
    properties: list[tuple[str, ...]] = []
    if known.skip_deploy == "property":
        properties.append(commands.ps_set(holder, "skip-deploy", "true"))
    else:
        settings.append(("DOKKU_SKIP_DEPLOY", "true"))
    if known.skip_cleanup == "property":
        properties.append(commands.builder_set(holder, "skip-cleanup", "true"))
    else:
        settings.append(("DOKKU_SKIP_CLEANUP", "true"))
    return (*properties, commands.config_set(holder, (*settings, *pairs)))
