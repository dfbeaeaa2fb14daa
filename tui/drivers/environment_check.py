"""The findings of `check` on this machine's environment: variables that HTTP here, or in the programs we use, trips
over."""

from collections.abc import Mapping

from tui.drivers import certificates
from tui.drivers.proxies import Proxies
from tui.model.finding import Finding, Result
from tui.model.service import Service


class Surroundings:
    """Proxies and certificates as the environment names them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]:
        """A finding for each variable that cannot be used; nothing is asked."""
        found: list[Finding] = []
        for trouble in Proxies(self._environ).troubles():
            words, _, fix = str(trouble).rpartition("; ")
            found.append(_finding("proxy", words, fix))
        for name, why in certificates.troubles(self._environ).items():
            found.append(_finding("certificates", f"{name}: {why}", f"correct {name}, or unset it"))
        return tuple(found)

    async def close(self) -> None:
        """Nothing is open."""


def _finding(topic: str, text: str, fix: str) -> Finding:
    return Finding(subject="machine", topic=topic, result=Result.FINDING, text=text, fix=fix)
