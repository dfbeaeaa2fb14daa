"""What a log panel says about its log: the title, and why there is nothing to show.

Moments, not ages: a title that counts seconds would cost bytes in every one of them.
"""

from typing import TYPE_CHECKING

from tui.console.drawing.rows import Piece, Row

if TYPE_CHECKING:
    from tui.console.drawing.log_view import LogView
    from tui.engine.monitor.log_follower import LogFollower


def title(
    service: str, follower: "LogFollower", look: "LogView", shown_to: int, hits: tuple[int, int] | None
) -> tuple[Piece, ...]:
    """State first: what comes last is cut on a narrow terminal. `hits`: which of how many matches is shown."""
    ring = follower.ring
    said: list[Piece] = [("LOGS ", "title"), (f"{service} ", "bold")]
    if follower.state.value != "streaming":
        said.append((f"{follower.state.value.upper()} ", "warn"))
    if look.top is None:
        said.append(("FOLLOWING ", "ok"))
    else:
        unseen = look.unseen(ring, shown_to)
        if look.top < ring.first:
            said.append(("held line dropped ", "warn"))
        said.append((f"HELD, {unseen} newer below: G " if unseen else "HELD: G follows ", "warn"))
    rate = follower.rate
    if rate >= 1:
        said.append((f"{rate:.0f}/s ", "dim"))
    if look.words:
        of = f" {hits[0]}/{hits[1]}" if hits is not None else ""
        said.append((f"find {look.words[:20]}{of} ", "key"))
    if look.filter_words:
        around = f" ±{look.context}" if look.context else ""
        said.append((f"filter {look.filter_words[:20]}{around} ", "warn"))
    if look.wrap:
        said.append(("wrap ", "dim"))
    if not follower.spooling:
        said.append(("no file ", "warn"))
    said.append((f"{len(ring)} kept" + (f", {ring.dropped} dropped" if ring.dropped else ""), "dim"))
    return tuple(said)


def nothing(follower: "LogFollower", look: "LogView") -> Row:
    """A row that says why no line is shown."""
    if look.filter is not None and len(follower.ring):
        return ((f"no line of {len(follower.ring)} matches {look.filter_words}", "dim"),)
    match follower.state.value:
        case "lost":
            again = f"; next try at {follower.retry_at:%H:%M:%S}Z" if follower.retry_at else ""
            return ((f"no log since {follower.since:%H:%M:%S}Z: {follower.why}{again}", "warn"),)
        case "ended":
            return ((f"no longer followed. {follower.why}", "warn"),)
        case "connecting":
            return ((f"connecting since {follower.since:%H:%M:%S}Z; a quiet app has no line yet", "dim"),)
    return (("no line yet", "dim"),)
