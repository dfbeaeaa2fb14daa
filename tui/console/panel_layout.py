"""The container that lays the panels out by `layout.places`: which are shown, and where, at every size."""

from textual import events
from textual.app import ComposeResult
from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.message import Message
from textual.widget import Widget

from tui.console.layout import Box, places


class _Places(Layout):
    name = "places"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        boxes = parent.boxes(size) if isinstance(parent, PanelContainer) else {}
        found: list[WidgetPlacement] = []
        for child in children:
            box = boxes.get("hint" if child.id == "ask" else child.id or "")
            if box is not None:
                region = Region(box.x, box.y, box.width, box.height)
                found.append(WidgetPlacement(region, NULL_OFFSET, Spacing.all(0), child, 0, False, False, False))
        return found


class PanelContainer(Widget):
    """All panels. A panel without a place at this size is not displayed, so that it cannot have the focus."""

    DEFAULT_CSS = """
    PanelContainer { width: 100%; height: 100%; background: ansi_default; color: ansi_default; overflow: hidden; }
    """

    class Fitted(Message):
        """The panels fit another size."""

    def __init__(self, *panels: Widget) -> None:
        super().__init__(id="panels")
        self._panels = panels
        self._arranged: tuple[object, ...] = ()
        self.services = 4
        self.work = False
        self.zoomed: str | None = None
        self.asking = False
        self.said = 1
        """rows of what the last row says"""
        self._by_places = _Places()

    @property
    def layout(self) -> Layout:
        """The layout by places; style sheets only know Textual's own layouts by name."""
        return self._by_places

    def compose(self) -> ComposeResult:
        """The panels, in the order in which Tab visits them."""
        yield from self._panels

    def boxes(self, size: Size) -> dict[str, Box]:
        """The box of each panel at this size, by its name."""
        said = 1 if self.asking else self.said
        return places(size.width, size.height, services=self.services, work=self.work, zoomed=self.zoomed, said=said)

    def on_resize(self, event: events.Resize) -> None:
        """Only here the size is certain: in a storm of sizes the application's may be another one by now."""
        self._fit(event.size)
        self.post_message(self.Fitted())

    def arrange_again(self) -> None:
        """Lay the panels out again where it matters: what is shown may have changed."""
        if self.size.width:
            self._fit(self.size)

    def _fit(self, size: Size) -> None:
        wanted = (size, self.services, self.work, self.zoomed, self.asking, self.said)
        if wanted == self._arranged:
            return
        self._arranged = wanted
        boxes = self.boxes(size)
        for panel in self._panels:
            if panel.id == "ask":
                panel.display = self.asking and "hint" in boxes
            elif panel.id == "hint":
                panel.display = not self.asking and "hint" in boxes
            else:
                panel.display = panel.id in boxes
        self._panels[0].refresh(layout=True)  # a widget that asks for a layout has its parents' places made anew
