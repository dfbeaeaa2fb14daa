"""The time until a service serves again, by what earlier rollbacks on this host took, as this machine measured them."""

from collections.abc import Iterable

from tui.model.ledger import Served
from tui.model.plan import Promise

NEWEST = 5
"""measured times that count"""


def of(times: Iterable[Served], app: str, way: str) -> Promise | None:
    """The median of the newest times by this way, of the app where it has any, else of the whole host; None: none."""
    by_way = [one for one in times if one.way == way]
    own = [one for one in by_way if one.app == app]
    found = (own or by_way)[-NEWEST:]
    if not found:
        return None
    from statistics import median  # with fractions and decimals, which nothing else needs

    return Promise(seconds=median(one.seconds for one in found), count=len(found), own=bool(own))
