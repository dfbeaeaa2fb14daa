"""The pages that lie on the work panel: one that work is done on, and at most one over it that is only looked at."""

from typing import TYPE_CHECKING, NamedTuple

from textual.widget import Widget

from tui.console.widgets.work import Place, WorkPanel

if TYPE_CHECKING:
    from tui.console.page import Page


class _Opened(NamedTuple):
    page: "Page"
    came_from: Widget
    """the panel that had the keys before"""
    place: Place | None = None
    """where the person was on it when another was laid over it"""


class PageStack:
    """The open pages of one console, and what closing each goes back to."""

    def __init__(self, work: WorkPanel) -> None:
        self._work = work
        self._pages: list[_Opened] = []

    @property
    def page(self) -> "Page | None":
        """The page that is shown."""
        return self._pages[-1].page if self._pages else None

    def put(self, page: "Page", keys_at: Widget) -> None:
        """Show this page: over the one that is there if it is only looked at, else in place of all."""
        if not page.aside:
            came_from = self._pages[0].came_from if self._pages else keys_at
            self._pages = [_Opened(page, came_from)]
        elif self._pages and self._pages[-1].page.aside:
            self._pages[-1] = self._pages[-1]._replace(page=page)
        else:
            if self._pages:
                self._pages[-1] = self._pages[-1]._replace(place=self._work.place)
            self._pages.append(_Opened(page, keys_at))
        self._work.open(page)

    def close(self) -> Widget | None:
        """Close the page that is shown. Returns the panel that had the keys before it; None where nothing is open."""
        if not self._pages:
            return None
        closed = self._pages.pop()
        if self._pages:
            self._work.open(self._pages[-1].page, self._pages[-1].place)
        else:
            self._work.page = None
        return closed.came_from
