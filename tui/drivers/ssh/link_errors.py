"""Why a host cannot be spoken to, in words for people, each cause with its own fix."""

import errno
import re
import socket
from typing import Any, NamedTuple

from tui.model.errors import AuthRefused, LinkError, Unreachable
from tui.text.clean import clean_line

_NUMBER = re.compile(r"\[Errno (-?[0-9]+)\]")
NUMBERS = {
    "Connection refused": errno.ECONNREFUSED,
    "No route to host": errno.EHOSTUNREACH,
    "Network is unreachable": errno.ENETUNREACH,
    "timed out": errno.ETIMEDOUT,
}
"""the system's words, as ssh repeats them"""
_NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN, errno.EHOSTDOWN}


class LoginTarget(NamedTuple):
    """The machine that was to be reached."""

    who: str
    """the host as people know it, e.g. `dokku@web1` or `the jump host bastion of dokku@web1`"""
    host: str
    """its name or address on the network"""
    port: int


def of_network(error: OSError, wanted: LoginTarget) -> Unreachable:
    """For what came before anything was said over the link."""
    who = wanted.who
    if isinstance(error, socket.gaierror):
        return Unreachable(
            f"{who}: the name {wanted.host} does not resolve ({clean_line(error.strerror or str(error), 80)})",
            "correct the name in services.yaml or ~/.ssh/config, or look at DNS and VPN",
        )
    if isinstance(error, TimeoutError) and error.errno is None:
        return no_answer(wanted, None)
    numbers = {error.errno} if error.errno else {int(one) for one in _NUMBER.findall(str(error))}
    if numbers and numbers <= {errno.ECONNREFUSED}:
        words = f"{who}: nothing listens on port {wanted.port} of {wanted.host} (connection refused)"
        return Unreachable(words, "is it the right port, and is the SSH server up?")
    if numbers & _NO_ROUTE and numbers <= {*_NO_ROUTE, errno.ECONNREFUSED}:
        return Unreachable(f"{who}: no route to {wanted.host}", "is this machine's network or VPN up?")
    if errno.ETIMEDOUT in numbers:
        return no_answer(wanted, None)
    if isinstance(error, ConnectionResetError | BrokenPipeError) or errno.ECONNRESET in numbers:
        return hung_up(wanted)
    return Unreachable(f"{who}: {clean_line(str(error)) or type(error).__name__}", "is the host up?")


def no_answer(wanted: LoginTarget, seconds: float | None) -> Unreachable:
    """Nothing came back in time."""
    within = f" within {seconds:.0f} s" if seconds else ""
    words = f"{wanted.who}: no connection to port {wanted.port} of {wanted.host}{within}"
    return Unreachable(words, "network? VPN? a firewall on the way? is the host up?")


def hung_up(wanted: LoginTarget, spoke: bool = False, chosen: tuple[str, ...] = ()) -> Unreachable:
    """It was there and let go. `spoke`: it had said that it is an SSH server; `chosen`: options of ~/.ssh/config that
    say which algorithms may be used."""
    if spoke and chosen:
        words = f"{wanted.who}: {wanted.host} ended the link before both agreed on algorithms"
        return Unreachable(words, f"look at {', '.join(chosen)} in ~/.ssh/config: has this host any of them?")
    when = "before the login" if spoke else "before it said who it is"
    words = f"{wanted.who}: {wanted.host} closed the connection {when}"
    return Unreachable(words, "does it limit logins (MaxStartups, fail2ban), or is it no SSH server?")


def carrier_ended(wanted: LoginTarget, how: str) -> Unreachable:
    """The program that was to carry the link ended. `how`: with which exit code and words."""
    words = f"{wanted.who}: its ProxyCommand ended before {wanted.host} said who it is ({how})"
    return Unreachable(words, "run the ProxyCommand of ~/.ssh/config by hand; is the way it goes open?")


def of_library(asyncssh: Any, error: Exception, wanted: LoginTarget) -> LinkError:
    """For what the SSH library says, host keys aside."""
    said = clean_line(str(error), 200) or type(error).__name__
    if "Too many authentication failures" in said:
        return too_many_keys(wanted.who)
    if isinstance(error, asyncssh.ChannelOpenError):
        fix = "can the jump host reach it? look at the port and at AllowTcpForwarding there"
        return Unreachable(f"{wanted.who} cannot be reached through its jump host: {said}", fix)
    if isinstance(error, asyncssh.KeyExchangeFailed):
        return Unreachable(f"{wanted.who}: {said}", "is its SSH server very old? `transport: openssh` may know it")
    if isinstance(error, asyncssh.ProtocolError) or "version" in said.lower():
        words = f"{wanted.who}: what answers on port {wanted.port} of {wanted.host} is no SSH server: {said}"
        return Unreachable(words, "is it the right port?")
    return Unreachable(f"{wanted.who}: {said}", "is the host up?")


def too_many_keys(who: str) -> AuthRefused:
    """The host let go before the right key was tried."""
    return AuthRefused(
        f"{who}: more keys were tried than the host allows",
        "name the right one: identity_file in services.yaml, or IdentityFile and IdentitiesOnly in ~/.ssh/config",
    )
