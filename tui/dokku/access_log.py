"""Lines of a proxy's access log → what kind of answer each was, and how many of each there were; never who asked what.

Stock Dokku 0.35.15 and 0.38.27 write nginx's `combined` (recorded); any team may have set another format with
`nginx:set APP access-log-format`, and no recording covers them. `access_text` and `access_json` read the forms that
people publish. A line whose status cannot be told without doubt is not understood, and is counted as such: what is
said of the rest is widened by it, for the lines that cannot be read are mostly the failing ones.

Left out are our own requests and those of known probes, by the agent they name, never by the path: a health path may
be a page of users. So are connections that asked for nothing.

Only counts are kept, by the second, so that windows can begin and end where an incident does. Paths and addresses go
when the line has been read: they are personal, and a query may hold a token.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from tui.model.value import Value
from tui.text.clean import decode

if TYPE_CHECKING:
    from tui.dokku.access_values import Fields

AGENT = "rollback-console"
"""how our own requests name themselves"""
_MARK = re.compile(r"[?&]rollback-check=[0-9a-f]+")
"""the query of `rollback check`"""
_PROBES = re.compile(
    r"kube-probe|ELB-HealthChecker|GoogleHC|GoogleStackdriverMonitoring|Consul Health Check|Blackbox[ -]Exporter"
    r"|Uptime-Kuma|UptimeRobot|Pingdom|StatusCake|Better ?(?:Uptime|Stack)|HetrixTools|Site24x7|updown\.io"
    r"|Datadog/?Synthetics|NewRelicPinger|Checkly|Amazon-Route53-Health|Cloudflare-Healthchecks|check_http|Gatus/"
    r"|Zabbix|Statping|Freshping|Edge Health Probe|docker-healthcheck|SentryUptimeBot|DigitalOcean Uptime"
    r"|Datadog Agent/|Envoy/HC|Hyperping|OhDear|Cronitor|NodePing|Monit/|Prometheus/|synthetic-monitoring-agent"
    r"|Synthetics?\b|Cloudflare-Traffic-Manager|^AlwaysOn$|Azure Traffic Manager|Application Insights Availability"
    r"|AppSignalBot|Honeybadger Uptime|OpenStatus|UptimeFlare|Upptime|^Uptime/|Uptimia|Uptrends|Uptime\.com|Pulsetic"
    r"|Phare|Nagios|Icinga|monitoring-plugins|PRTG|Catchpoint|Elastic-Heartbeat|Telegraf|^HealthCheck(?:er)?\b|Instatus"
    r"|^Vigil\b|^HAProxy\b|^Traefik\b|nginx-health|^Netdata",
    re.IGNORECASE,
)
"""agents of the monitors and load balancers that people use; Dokku's own checks do not pass the proxy"""
KEPT = timedelta(hours=2)
"""how far back counts are kept"""
_METHOD = re.compile(r"[A-Z][A-Z-]* (?!\S+ (?:RTSP|SIP)/)")
_ADDRESS = re.compile(r"[a-z]+://|[\d.:a-fA-F, ]+$")
"""a referrer or a client's address: a person may come from a monitor's page"""


class Kind(StrEnum):
    """The result of a request."""

    ANSWERED = "answered"
    FAILED = "failed"
    """5xx"""
    REFUSED = "refused"
    """401, 403, 404, 429"""
    CLOSED = "closed"
    """499, or 000 behind a request: the client left before the answer; 444: nginx closed without one"""
    OWN = "own"
    """a probe of this console"""
    HEALTH = "health"
    """a known probe of somebody else"""
    EMPTY = "empty"
    """a connection that asked for nothing, or for what is no request"""


APART = frozenset({Kind.OWN, Kind.HEALTH, Kind.EMPTY})
"""kinds that are no requests of users"""


class AccessEntry(Value):
    """One line."""

    kind: Kind
    at: datetime | None = None
    """as the host's clock says"""
    seconds: float | None = None
    """time to the answer, where the format has it"""


def read(line: str) -> AccessEntry | None:
    """The entry of a line; None where it is not understood."""
    found = _fields(line.strip())
    if found is None:
        return None
    upgraded = found.status == 101  # the time of a WebSocket is how long it was open
    return AccessEntry(kind=_kind(found), at=found.at, seconds=None if upgraded else found.seconds)


def shows_agents(line: str) -> bool:
    """True if a line of a request of this program names it: without that, our own requests count as those of users."""
    found = _fields(line.strip())
    return found is not None and any(agent.startswith(AGENT) for agent in found.agents)


def _fields(text: str) -> "Fields | None":
    from tui.dokku import access_json, access_text  # thirty patterns, and most commands read no log

    begins = access_json.starts(text)
    if begins is not None:
        return access_json.read(text[begins:], access_text.read)
    return access_text.read(text)


def _kind(found: "Fields") -> Kind:
    request, status = found.request, found.status
    if any(agent.startswith(AGENT) for agent in found.agents) or (request is not None and _MARK.search(request)):
        return Kind.OWN
    if any(_PROBES.search(agent) for agent in found.agents if not _ADDRESS.match(agent)):
        return Kind.HEALTH
    if request in ("", "-") or (request is not None and request.startswith("PRI * ")):
        return Kind.EMPTY  # opened and never used, timed out (408), or HTTP/2 spoken to a port that does not
    if request is not None and status == 400 and not _asks(request):
        return Kind.EMPTY  # a port scan, or TLS spoken to a plain port: it never came to the app
    if status >= 500:
        return Kind.FAILED
    if status in (444, 499) or status < 100:
        return Kind.CLOSED
    return Kind.REFUSED if status in (401, 403, 404, 429) else Kind.ANSWERED


def _asks(request: str) -> bool:
    """True if it is a request line, or the path alone that some formats write."""
    return _METHOD.match(request + " ") is not None or request.startswith(("/", "http://", "https://"))


def answered_others(raw: bytes, within: timedelta) -> bool | None:
    """True if the last lines of a log show an answer to anybody but us, within so long before our own last request.

    None where they do not say: without a line of a request of this program nobody knows whose log it is and until when
    it was written, and a line that is not understood may be an answer. Whatever the app itself has said counts,
    refusals too.
    """
    lines = [line for line in decode(raw).split("\n") if line.strip()]
    found = [_fields(line.strip()) for line in lines]
    read_ = [one for one in found if one is not None]
    ours = [one.at for one in read_ if _kind(one) is Kind.OWN and one.at is not None]
    if not ours:
        return None
    since = max(ours) - within
    late = [one for one in read_ if one.at is None or one.at >= since]
    if any(_kind(one) not in (Kind.OWN, Kind.EMPTY) and 100 <= one.status < 499 for one in late):
        return True
    return False if len(read_) == len(found) else None


# ── counting ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_STEP = 1.1
"""response times are kept in classes this much apart: 5 % is as near as a percentile comes"""


class Counted(Value):
    """The requests of one window."""

    answered: int = 0
    failed: int = 0
    refused: int = 0
    closed: int = 0
    own: int = 0
    health: int = 0
    empty: int = 0
    unparsed: int = 0
    p50: float | None = None
    """seconds, of users' requests that did not fail; None where the format has no times"""
    p95: float | None = None
    times: tuple[tuple[float, int], ...] = ()
    """the classes of these times in seconds, and how many are in each; rising"""

    @property
    def total(self) -> int:
        """Requests of users."""
        return self.answered + self.failed + self.refused + self.closed

    @property
    def apart(self) -> int:
        """Requests that are not users'."""
        return self.own + self.health + self.empty


class Tally:
    """Counts by the second of one app's log."""

    def __init__(self) -> None:
        self._seconds: dict[int, Counter[str]] = {}
        self._times: dict[int, Counter[int]] = {}
        self._newest = 0

    def add(self, entry: AccessEntry | None, at: datetime) -> None:
        """One line, understood or not, at this moment of our own clock."""
        second = int(at.timestamp())
        if second not in self._seconds:
            self._seconds[second] = Counter()
            self._forget(second)
        kind = entry.kind if entry is not None else "unparsed"
        self._seconds[second][kind] += 1
        if entry is None or entry.seconds is None or entry.kind in APART or entry.kind is Kind.FAILED:
            return
        step = round(math.log(max(entry.seconds, 0.0005), _STEP))
        self._times.setdefault(second, Counter())[step] += 1

    def _forget(self, second: int) -> None:
        self._newest = max(self._newest, second)
        oldest = self._newest - int(KEPT.total_seconds())
        for kept in (self._seconds, self._times):
            for old in [s for s in kept if s < oldest]:
                del kept[old]

    def counted(self, since: datetime, until: datetime) -> Counted:
        """The seconds that begin within the window, its end not among them."""
        first, last = math.ceil(since.timestamp()), math.ceil(until.timestamp())
        return self._together(second for second in self._seconds if first <= second < last)

    def series(self, since: datetime, width: float, count: int) -> tuple[Counted, ...]:
        """`count` windows of `width` seconds one after the other, read in one pass."""
        slices: list[list[int]] = [[] for _ in range(count)]
        begin = since.timestamp()
        for second in self._seconds:
            place = int((second - begin) // width)
            if 0 <= place < count:
                slices[place].append(second)
        return tuple(self._together(seconds) for seconds in slices)

    def _together(self, seconds: Iterable[int]) -> Counted:
        kinds: Counter[str] = Counter()
        times: Counter[int] = Counter()
        for second in seconds:
            kinds.update(self._seconds[second])
            times.update(self._times.get(second, {}))
        return Counted(
            **{kind.value: kinds[kind] for kind in Kind},
            unparsed=kinds["unparsed"],
            p50=_percentile(times, 0.5),
            p95=_percentile(times, 0.95),
            times=tuple((float(_STEP**step), times[step]) for step in sorted(times)),
        )


def _percentile(times: Mapping[int, int], share: float) -> float | None:
    wanted, seen = share * sum(times.values()), 0
    for step in sorted(times):
        seen += times[step]
        if seen >= wanted:
            return float(_STEP**step)
    return None
