"""Which of an app's own variables changed since a release last served, as far as this machine saw them.

Configuration is no part of a release: going back leaves it as it is, and an old release meets new settings. What the
ledger knows is compared by hashes; where it was not looking, the names that a holder remembers are all there is, and
whether values changed stays unknown.
"""

from datetime import datetime

from tui.model.ledger import ConfigSeen, Ledger, Sighting
from tui.model.release import Release
from tui.model.value import Value

Since = tuple[tuple[str, datetime | None], ...]
"""names of variables, each with when it was first seen to be otherwise; None: it is not known"""


class Drift(Value):
    """The change of an app's config. `unknown` says why values could not be compared; names may be known all the
    same."""

    unknown: str = ""
    names_known: bool = False
    then: datetime | None = None
    """when the release was last seen to serve here; None: compared with what its holder remembers"""
    added: Since = ()
    removed: Since = ()
    changed: Since = ()

    @property
    def any(self) -> bool:
        """True if something is known to have changed."""
        return bool(self.added or self.removed or self.changed)


def compare(
    target: Release, ledger: Ledger, now: ConfigSeen | None, why: str = "", kept_names: tuple[str, ...] | None = None
) -> Drift:
    """`now` is the look made for this plan, `why` what stood in its way; `kept_names` are those of the holder."""
    if now is None:
        return Drift(unknown=why or "it was not asked")
    served = _last_served(target, ledger)
    then = None if served is None else _in_force(served, ledger)
    if served is None or then is None:
        gap = f"this machine never saw {target.name} serve"
        if served is not None:
            gap = f"this machine did not look at the config while {target.name} served"
        return _by_names(gap, kept_names, now, None)
    if then.key != now.key:
        names = tuple(name for name, _ in then.keys)
        return _by_names("the key of this machine's hashes is another one since", names, now, served.last_seen)
    before, after = dict(then.keys), dict(now.keys)
    later = (*(c for c in ledger.configs if c.first_seen > then.first_seen and c.key == now.key), now)

    def since(name: str) -> datetime | None:
        first = None
        for seen in reversed(later):
            if dict(seen.keys).get(name) == before.get(name):
                break
            first = seen.first_seen
        return first

    return Drift(
        names_known=True,
        then=served.last_seen,
        added=tuple((n, since(n)) for n in after if n not in before),
        removed=tuple((n, since(n)) for n in before if n not in after),
        changed=tuple((n, since(n)) for n in after if n in before and after[n] != before[n]),
    )


def _by_names(unknown: str, names: tuple[str, ...] | None, now: ConfigSeen, at: datetime | None) -> Drift:
    if names is None:
        return Drift(unknown=unknown)
    known = {name for name, _ in now.keys}
    return Drift(
        unknown=unknown,
        names_known=True,
        then=at,
        added=tuple((n, None) for n in sorted(known - {*names})),
        removed=tuple((n, None) for n in sorted({*names} - known)),
    )


def _last_served(target: Release, ledger: Ledger) -> Sighting | None:
    mine = [s for s in ledger.sightings if s.certain and _is_of(s, target)]
    return max(mine, key=lambda s: s.last_seen, default=None)


def _is_of(seen: Sighting, target: Release) -> bool:
    if seen.commit is not None:
        return target.is_commit(seen.commit)
    return target.image is not None and target.image in (seen.image, seen.metadata)


def _in_force(served: Sighting, ledger: Ledger) -> ConfigSeen | None:
    """The variables as they were when it was last seen to serve: the latest look until then, if it was made
    meanwhile."""
    until = [c for c in ledger.configs if c.first_seen <= served.last_seen and c.last_seen >= served.first_seen]
    return max(until, key=lambda c: c.first_seen, default=None)
