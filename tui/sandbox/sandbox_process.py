"""One running sandbox: the host, its SSH and unix sockets, its control port and its services.yaml."""

import shlex
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import tui.sandbox.commands as _commands
from tui.sandbox.control import Control
from tui.sandbox.host import SandboxHost
from tui.sandbox.pace import Pace
from tui.sandbox.scenario import SCENARIOS
from tui.sandbox.seed import seed
from tui.sandbox.server import SshHouse
from tui.sandbox.services import services_of, services_yaml
from tui.sandbox.shimserver import ShimServer

assert _commands.__all__  # importing them is what registers the commands


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """The options with which a sandbox starts; `state` is a directory that stays, without it a temporary one is
    deleted at the end."""

    dokku: str  # a version, or "plugins"
    pace: Pace
    state: str | None = None
    scenario: str = "bad-release"
    port: int = 0


class World:
    """`async with World(options) as world`; then `world.about` is what the process prints."""

    def __init__(self, options: SandboxOptions) -> None:
        self._options = options
        self._temporary = options.state is None
        self.state = Path(options.state or tempfile.mkdtemp(prefix="sandbox-")).resolve()
        self.state.mkdir(parents=True, exist_ok=True)
        plugins = options.dokku == "plugins"
        version = "0.35.15" if plugins else options.dokku
        self.host = SandboxHost(version=version, pace=options.pace, plugins=plugins)
        self.ssh = SshHouse(self.host, self.state)
        self.control = Control(self.host, self.ssh)
        self.shim = ShimServer(self.host, self.state / "dokku.sock")
        self.about: dict[str, object] = {}

    async def __aenter__(self) -> "World":
        await seed(self.host)
        await self.ssh.listen(self._options.port)
        await self.shim.listen()
        await self.control.listen()
        scenario = SCENARIOS[self._options.scenario]
        for told in scenario.apps(self.host):
            await self.control.bring(told)
        scenario.begin(self.host)
        self.host.start()
        self.about = {
            "services": str(self.state / "services.yaml"),
            "ssh": f"127.0.0.1:{self.ssh.port}",
            "init": (
                f"rollback init dokku@127.0.0.1:{self.ssh.port}"
                f" --identity-file {shlex.quote(str(self.ssh.identity_file))}"
                f" --known-hosts {shlex.quote(str(self.ssh.known_hosts))}"
            ),
            "urls": {},
            "identity_file": str(self.ssh.identity_file),
            "known_hosts": str(self.ssh.known_hosts),
            "control": self.control.url,
            "socket": str(self.shim.path),
            "state": str(self.state),
        }
        self.control.changed = self._write_services
        self._write_services()
        return self

    def _write_services(self) -> None:
        """services.yaml and the URLs of `about`, anew: apps may have been made."""
        (self.state / "services.yaml").write_text(services_yaml(self.host, self.ssh), encoding="utf-8")
        apps, urls = self.host.machine.apps, self.about["urls"]
        assert isinstance(urls, dict)
        for service in services_of(self.host):
            urls[service.name] = f"http://127.0.0.1:{apps[service.app].port}"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.ssh.close()
        await self.shim.close()
        await self.control.close()
        await self.host.close()
        if self._temporary:
            shutil.rmtree(self.state, ignore_errors=True)
