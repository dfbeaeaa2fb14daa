"""Letting deploys through again: what was pushed meanwhile, what a rebuild would do, and three ways on."""

from collections.abc import Awaitable, Callable

from tui.console.drawing import labels, rows
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import Row
from tui.console.page import Choice, View, button
from tui.console.pages.job import JobPage
from tui.console.ports import Console
from tui.engine.releases.freeze import TeamBranch, Unfrozen
from tui.model.errors import AlreadyThere
from tui.model.service import Service

_ASKING = "asking the host"


class Unfreeze(JobPage):
    """One frozen service."""

    name = "unfreeze"

    def __init__(
        self,
        console: Console,
        service: Service,
        *,
        look: Callable[[], Awaitable[TeamBranch]],
        unfreeze: Callable[[], Awaitable[Unfrozen]],
        deploy_tip: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(console, busy=_ASKING)
        self._service = service
        self._look = look
        self._unfreeze = unfreeze
        self._deploy_tip = deploy_tip
        self._seen: TeamBranch | None = None
        self._done: Unfrozen | None = None

    async def prepare(self) -> None:
        """Ask what is on the team's branch."""

        async def ask() -> None:
            self._seen = await self._look()

        await self._doing(_ASKING, ask)

    def view(self, cells: int) -> View:
        """The team's branch, and what came of letting deploys through."""
        palette = self.console.screen.palette
        sign = palette.sign
        content: list[Row] = []
        if self._busy:
            content.append(((f"{sign('run')} {self._busy}{sign('more')}", "run"),))
        if self._error is not None:
            good = isinstance(self._error, AlreadyThere)
            look = "ok" if good else "down"
            text = f"{sign(look)} {rows.safe(self._error.message, 400)} {rows.safe(self._error.fix, 300)}"
            content.extend(rows.paragraph(text, cells, look, indent=2))
        if self._done is not None:
            content.append(((f"{sign('ok')} deploys go to {self._done.standing.branch} again", "ok"),))
        seen = self._done.standing if self._done is not None else self._seen
        if seen is not None:
            content.extend(_standing(seen, cells, palette, frozen=self._done is None))
        if self._done is not None:
            content.extend(
                rows.paragraph(f"next normal deploy: {rows.safe(self._done.push, 400)}", cells, "", indent=2)
            )
        return View(
            key=f"unfreeze-{self._service.name}-{self._busy}-{self._done is not None}",
            title=(("UNFREEZE ", "title"), (self._service.name, "bold")),
            rows=content,
            choices=self._choices(),
        )

    def _choices(self) -> list[Choice]:
        if self._busy:
            return []
        seen = self._done.standing if self._done is not None else self._seen
        leave = button("cancel", "Done" if self._done or self._error else "Stay frozen", self._leave)
        if seen is None or (self._error is not None and self._done is None):
            return [leave]
        through = button("go", "Let deploys through", self._let_through, off=self._read_only, danger=True)
        unsettled = seen.settled is not True and seen.tip is not None
        if self._done is not None:
            return (
                [leave, button("tip", "Deploy the tip", self._deploy_tip, off=self._read_only)]
                if unsettled
                else [leave]
            )
        both = button(
            "tip", "Let through and deploy the tip", self._let_through_and_deploy, off=self._read_only, danger=True
        )
        return [leave, through, *([both] if unsettled else [])]

    async def _let_through(self) -> None:
        if self._busy or self._done is not None:
            return

        async def unfreeze() -> None:
            self._done = await self._unfreeze()

        await self._doing("letting deploys through", unfreeze)

    async def _let_through_and_deploy(self) -> None:
        await self._let_through()
        if self._done is not None:
            await self._deploy_tip()


def _standing(seen: TeamBranch, cells: int, palette: Palette, *, frozen: bool) -> list[Row]:
    """Settled or not, and the commits on the branch that do not run."""
    tip, serves = (seen.tip or "nothing")[:10], (seen.serves or "unknown")[:10]
    found: list[Row] = []
    if seen.settled:
        found.append(((f"settled: what stands on {seen.branch} is what runs", "ok"),))
    else:
        would = "once it is unfrozen a rebuild" if frozen else "a rebuild"
        text = f"{palette.sign('warn')} UNSETTLED: {serves} runs, {seen.branch} stands at {tip}: {would} deploys that"
        found.extend(rows.paragraph(text, cells, "warn", indent=2))
    if seen.trouble:
        text = f"what was pushed cannot be read: {rows.safe(seen.trouble, 200)}"
        found.extend(rows.paragraph(text, cells, "warn", indent=2))
    bad = dict(seen.bad)
    if seen.pushed:
        found.append(((f"On {seen.branch}, and not what runs (newest first):", "bold"),))
    for commit in seen.pushed:
        when = labels.clock(commit.at) if commit.at is not None else "unknown"
        line: Row = ((f"  {commit.id[:10]} ", "dim"), (rows.safe(commit.subject, 60), ""))
        line = (*line, (f"  {rows.safe(commit.author, 30)} {when}", "dim"))
        if commit.id in bad:
            line = ((f"  {commit.id[:10]} ", "dim"), (f"BAD {rows.safe(commit.subject, 60)}", "down"), *line[2:])
        found.append(line)
    if seen.more:
        found.append((("  and older ones", "dim"),))
    return found
