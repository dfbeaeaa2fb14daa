"""The console on a replay: the same panels and pages, and nobody is asked anything."""

from typing import TYPE_CHECKING

from tui.console.app import ConsoleApp

if TYPE_CHECKING:  # the first screen is painted before the engine is imported
    from tui.console.controller import ConsoleController
    from tui.engine.engine import Engine
    from tui.engine.service_monitor import ServiceMonitor


class ReplayApp(ConsoleApp):
    """Opens on the page of the incident that is played."""

    def _begin_asking(self, engine: "Engine", board: "ServiceMonitor") -> None:
        """Nobody."""

    def _opened_over(self, engine: "Engine") -> "ConsoleController":
        from tui.console.incident_flow import IncidentFlow
        from tui.console.pages.incident_page import IncidentPage
        from tui.engine.replay import ReplayEngine

        assert isinstance(engine, ReplayEngine)
        controller = super()._opened_over(engine)
        service = engine.fleet.services[0]
        flow = IncidentFlow(controller, service)
        flow.look_on(engine.playback)
        controller.flows[service.name] = flow
        engine.playback.start()
        with self.keyboard.pressed():  # whoever began the replay asked for this page
            self.open_page(IncidentPage(flow))
        return controller
