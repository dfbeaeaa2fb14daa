"""Time from the machine."""

import asyncio
import time
from datetime import UTC, datetime


def local(at: datetime) -> datetime:
    """That moment in this machine's own time zone, as it was then."""
    return at.astimezone()


class SystemClock:
    """The wall clock for stamps, the monotonic one for lengths."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment; never runs backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
