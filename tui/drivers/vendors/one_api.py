"""What channels have in common that are one address and one credential."""

from tui.drivers.vendors.api import Api
from tui.drivers.vendors.base import Checked, MessageChannel
from tui.model.notice import Message, Milestone


class OneApiChannel(MessageChannel, Checked):
    """A channel behind one API; without its settings or its credential there is none, and nothing is sent."""

    _api: Api | None = None

    @property
    def ready(self) -> bool:
        """True if it is set up and has its credential."""
        return self._api is not None

    def wants(self, message: Message) -> bool:
        """Every moment of an incident. A test would make something that stays."""
        return message.milestone is not Milestone.POSTMORTEM and message.facts is not None

    async def close(self) -> None:
        """End the connections."""
        if self._api is not None:
            await self._api.close()
