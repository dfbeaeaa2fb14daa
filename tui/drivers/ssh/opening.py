"""One connection to a host, over its jump hosts, as the machine's SSH configuration says.

Theory. `client_config` asks the real client how the destination is reached; here that is done. Each host on the way has
its own settings, its own key on file and its own errors: what a jump host shows is never laid at the target's door.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Protocol

from msgspec.structs import replace

from tui.drivers.ssh import client_config, host_keys, link_errors, openssh, proxy_command
from tui.drivers.ssh.host_keys import KeysOnFile
from tui.drivers.ssh.identity import AGENT_REFUSED, Identities, PassedOver, PassphraseWanted
from tui.drivers.ssh.link_errors import LoginTarget
from tui.drivers.ssh.proxy_command import Carrier
from tui.drivers.ssh.settings import Settings
from tui.model.destination import parse
from tui.model.errors import AuthRefused, Unreachable
from tui.model.service import Host, Transport
from tui.text.clean import clean_line

LIMIT = 10.0
"""seconds for each host on the way, where ConnectTimeout says nothing"""
LONGEST = 60.0
"""seconds of a ConnectTimeout that are waited"""
KEEPALIVE = 5.0
KEEPALIVES_MISSED = 3
HOPS = 8
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr")
_FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}
_OPTIONS = {"ciphers": "encryption_algs", "macs": "mac_algs", "kexalgorithms": "kex_algs"}
_OPTIONS |= {"pubkeyacceptedalgorithms": "signature_algs"}

Ended = Callable[[Any, Exception | None], None]


class Connection(Protocol):
    """What is used of a connection, whichever carries it: methods of asyncssh's."""

    def get_extra_info(self, name: str) -> Any: ...
    async def create_process(self, command: str, **options: Any) -> Any: ...
    def is_closed(self) -> bool: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...
    async def wait_closed(self) -> None: ...


class Opener:
    """Opens connections to one host."""

    def __init__(self, host: Host, identities: Identities, accept: str | None) -> None:
        """`accept`: the fingerprint that a person accepted."""
        self._host = host
        self._identities = identities
        self._accept = accept
        self._carriers: list[Carrier] = []
        """those of connections that were made: each ends with its connection"""

    async def wait_closed(self) -> None:
        """Until the programs have ended that carried connections which are closed."""
        for carrier in self._carriers:
            await carrier.wait_closed()

    async def open(self, asyncssh: Any, ended: Ended) -> Connection:
        """A connection; `ended` is told when it ends. Raises Unreachable, AuthRefused, HostKeyRefused."""
        if self._host.transport is Transport.OPENSSH:
            return await openssh.open_connection(self._host, ended)
        settings = await client_config.settings(self._host)
        made: Connection = await self._hop(
            asyncssh, settings, self._host.ssh, ended, bool(self._host.identity_file), ()
        )
        return made

    async def _hop(
        self, asyncssh: Any, settings: Settings, who: str, ended: Ended, required: bool, through: tuple[str, ...]
    ) -> Any:
        """A connection to the host of `settings`, after those to its jump hosts. `through`: who wants it."""
        tunnel = await self._jumped(asyncssh, settings, who, through)
        try:
            while True:
                try:
                    made = await self._login(asyncssh, settings, who, ended, required, tunnel)
                    break
                except PassphraseWanted as wanted:
                    await self._identities.unlock(asyncssh, wanted.path, wanted.raw)
        except BaseException:
            if tunnel is not None:
                tunnel.abort()
            raise
        if tunnel is not None:
            made.set_tunnel(tunnel)  # it ends with what goes through it
        return made

    async def _jumped(self, asyncssh: Any, settings: Settings, who: str, through: tuple[str, ...]) -> Any:
        """The connection to the last of the jump hosts; None where there are none."""
        if not settings.jumps:
            return None
        *before, last = settings.jumps
        name = f"the jump host {last} of {who if not through else through[0]}"
        if len(through) >= HOPS or last in through[1:]:
            raise Unreachable(f"{who}: its jump hosts lead round in a circle ({last})", "correct ProxyJump")
        try:
            hop = await client_config.settings(Host(name="jump", ssh=str(parse(last))))
        except ValueError as error:
            raise Unreachable(f"{name}: {error}", "correct ProxyJump") from error
        if before:
            hop = replace(hop, jumps=tuple(before), proxy_command=None)
        if (hop.host, hop.port) == (settings.host, settings.port):
            return None  # a pattern that says ProxyJump for everybody, the jump host included
        mine = through or (self._host.ssh,)
        return await self._hop(asyncssh, hop, name, lambda *_: None, False, (*mine, last))

    async def _login(
        self,
        asyncssh: Any,
        settings: Settings,
        who: str,
        ended: Ended,
        required: bool,
        tunnel: Any,
        plain: bool = False,
    ) -> Any:
        """One try at one host. `plain`: its certificate is no good, and its key is looked at by itself."""
        if "RevokedHostKeys" in settings.beyond:
            raise Unreachable(f"{who}: RevokedHostKeys of ~/.ssh/config is read by ssh only", _OPENSSH)
        wanted = LoginTarget(who, settings.host, settings.port)
        on_file = await asyncio.to_thread(KeysOnFile, asyncssh, settings, who, self._accept)
        if plain:
            on_file.authorities.clear()
        guard = host_keys.guard(asyncssh, on_file, ended)
        offer = await self._identities.offer(asyncssh, settings, required=required)
        limit = min(settings.connect_timeout or LIMIT, LONGEST)
        carried = made = None
        try:
            if settings.proxy_command and tunnel is None:
                carried = await proxy_command.start(settings.proxy_command)
            async with asyncio.timeout(limit):
                made = await asyncssh.connect(
                    settings.host,
                    settings.port,
                    client_factory=guard,
                    known_hosts=lambda *_: (on_file.keys, on_file.authorities, on_file.revoked),
                    client_keys=offer.keys or None,
                    login_timeout=limit,
                    **self._options(settings, on_file, tunnel, carried),
                )
            if carried is not None:
                made.set_tunnel(carried)  # it ends with what it carries
                self._carriers = [carried, *(one for one in self._carriers if not one.is_closed())]
            return made
        except TimeoutError as error:
            if any(one.unsigned for one in offer.passed_over):
                raise self._refused(settings, who, required, offer.passed_over) from error
            raise link_errors.no_answer(wanted, limit) from error
        except asyncssh.HostKeyNotVerifiable as error:
            if on_file.authorities and on_file.keys and guard.shown is None and "revoked" not in str(error):
                return await self._login(asyncssh, settings, who, ended, required, tunnel, plain=True)
            refused = guard.refusal(str(error))
            if asked := {"KnownHostsCommand", "VerifyHostKeyDNS"} & set(settings.beyond):
                refused.fix += f"; {' and '.join(sorted(asked))} is followed by ssh only: {_OPENSSH}"
            raise refused from error
        except asyncssh.PermissionDenied as error:
            raise self._refused(settings, who, required, offer.passed_over) from error
        except asyncssh.ConnectionLost as error:
            raise await self._let_go(wanted, guard.connection, carried, settings) from error
        except asyncssh.Error as error:
            raise link_errors.of_library(asyncssh, error, wanted) from error
        except OSError as error:
            if carried is not None or isinstance(error, ConnectionResetError | BrokenPipeError):
                raise await self._let_go(wanted, guard.connection, carried, settings) from error
            raise link_errors.of_network(error, wanted) from error
        except ValueError as error:
            raise Unreachable(f"{who}: {clean_line(str(error))}", "correct ~/.ssh/config") from error
        finally:
            if carried is not None and made is None:
                carried.close()
                await carried.wait_closed()
            if offer.agent is not None:
                offer.agent.close()

    async def _let_go(self, wanted: LoginTarget, link: Any, carried: Carrier | None, settings: Settings) -> Unreachable:
        """The link ended before we were in: by whom."""
        spoke = link is not None and link.get_extra_info("server_version") is not None
        if not spoke and carried is not None and (how := await carried.last_words(1.0)) is not None:
            return link_errors.carrier_ended(wanted, how)
        chosen = sorted(key for key, _ in settings.algorithms) if spoke else ()
        return link_errors.hung_up(wanted, spoke, tuple(chosen))

    def _options(self, settings: Settings, on_file: KeysOnFile, tunnel: Any, carried: Carrier | None) -> dict[str, Any]:
        """The options for asyncssh; nothing is left to its own reading of ~/.ssh/config."""
        found: dict[str, Any] = {
            "config": None,
            "username": settings.user,
            "host_key_alias": settings.host_key_alias,
            "server_host_key_algs": on_file.algorithms,
            "encryption_algs": list(CIPHERS),
            "agent_path": None,
            "agent_forwarding": False,
            "gss_host": None,
            "host_based_auth": False,
            "password_auth": False,
            "kbdint_auth": False,
            "keepalive_interval": KEEPALIVE,
            "keepalive_count_max": KEEPALIVES_MISSED,
        }
        usable = {
            "encryption_algs": "encryption", "mac_algs": "mac", "kex_algs": "kex", "signature_algs": "public_key",
        }  # fmt: skip
        for name, written in settings.algorithms:
            if (option := _OPTIONS.get(name)) is not None and (some := _known(usable[option], written)):
                found[option] = some
        if tunnel is not None:
            found["tunnel"] = tunnel
        elif carried is not None:
            found["sock"] = carried.socket
        else:
            found["family"] = _FAMILIES.get(settings.address_family, socket.AF_UNSPEC)
            if settings.bind_address:
                found["local_addr"] = (settings.bind_address, 0)
        return found

    def _refused(self, settings: Settings, who: str, required: bool, lost: list[PassedOver]) -> AuthRefused:
        """None of the keys was taken: which were there, and what else may be tried."""
        unsigned = dict.fromkeys(one.why for one in lost if one.unsigned)
        if unsigned:
            return AuthRefused(f"{who} takes the key, but {'; '.join(unsigned)}", AGENT_REFUSED)
        keys = self._host.identity_file if required else "the agent's or of ~/.ssh"
        more = f" ({'; '.join(one.why for one in lost)})" if lost else ""
        fix = "another identity_file, or ask for access: dokku ssh-keys:add"
        if settings.beyond and not required:
            fix += f"; {', '.join(settings.beyond)}: {_OPENSSH}"
        if (first := next((one.fix for one in lost if one.fix), None)) is not None:
            fix = f"{first}; else {fix}"
        return AuthRefused(f"{who} accepts no key of {keys}{more}", fix)


_OPENSSH = "set `transport: openssh` for this host in services.yaml"


def _known(kind: str, written: tuple[str, ...]) -> list[str]:
    """Those algorithms that asyncssh has; what it has not, it would not start with."""
    from asyncssh import encryption, kex, mac, public_key

    every = {
        "encryption": encryption.get_encryption_algs,
        "kex": kex.get_kex_algs,
        "mac": mac.get_mac_algs,
        "public_key": public_key.get_public_key_algs,
    }[kind]()
    names = {one.decode() for one in every}
    return [one for one in written if one in names]
