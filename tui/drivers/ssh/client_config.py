"""Asks the machine's own `ssh` how it would reach a destination (`ssh -G`). Nothing is connected to.

Where there is no ssh program, asyncssh reads ~/.ssh/config, which is close and not the same. The sandbox is reached as
services.yaml says and in no other way: no configuration of a person is about it.

OpenSSH looks into the home directory of the user's account, no matter what HOME says; people who set HOME mean that
one. Where the two differ, a small configuration of our own includes HOME's and the system's.
"""

import asyncio
import atexit
import contextlib
import functools
import os
import pwd
import re
import shlex
import shutil
import tempfile
from pathlib import Path

from msgspec.structs import replace

from tui.drivers.ssh.settings import Settings, options, read
from tui.model.destination import Destination, parse
from tui.model.errors import Unreachable
from tui.model.service import Host
from tui.text.clean import clean_line, decode

LIMIT = 10.0
"""seconds for an answer: `Match exec` may run programs"""
_COMMAND = "version"
"""a login here always has a command: conditions and some options ask for that"""
SYSTEM = Path("/etc/ssh/ssh_config")


def program() -> str | None:
    """The ssh program, or None where there is none."""
    return shutil.which("ssh")


def home() -> str:
    """The home directory that people mean: HOME, else the account's."""
    named = os.environ.get("HOME", "")
    return named if Path(named).is_absolute() else account_home() or "/"


def account_home() -> str:
    """The home directory of the user's account; empty where there is no account."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def login_name() -> str:
    """The name of the user's account, which is a login's user where nothing else is said."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return os.environ.get("USER", "") or str(os.getuid())


def chosen() -> tuple[str, ...]:
    """The options that make ssh read the configuration of the home that people mean."""
    meant, account = home(), account_home()
    if meant == account or (account and Path(meant).exists() and Path(account).exists() and _same(meant, account)):
        return ()
    return ("-F", _own_configuration(meant))


def of_host(host: Host) -> tuple[str, ...]:
    """The options for what services.yaml says of a host; that comes before any configuration."""
    found: list[str] = []
    if host.identity_file:
        found += ["-o", "IdentitiesOnly=yes"]
    if host.known_hosts:
        found += ["-o", f'UserKnownHostsFile="{host.known_hosts}"', "-o", "GlobalKnownHostsFile=none"]
    return tuple(found)


def address(where: Destination) -> tuple[str, ...]:
    """User, port and host as arguments of ssh, the host last."""
    user = ("-l", where.user) if where.user is not None else ()
    port = ("-p", str(where.port)) if where.port is not None else ()
    return (*user, *port, "--", where.host)


async def settings(host: Host) -> Settings:
    """The route to this host. Raises Unreachable for a configuration that is wrong."""
    where = parse(host.ssh)
    if host.sandbox or program() is None:
        text, usual = await asyncio.to_thread(_without_ssh, host, where), dict[str, list[str]]()
    else:
        asked = (*chosen(), *of_host(host), *address(where))
        text = await _printed(asked, host.ssh, _COMMAND)
        usual = await _usual()
    found = read(text, where.host, home=home(), environ=os.environ, usual=usual)
    if host.known_hosts:  # as it is written: a path may hold what ssh takes for a token
        files = (Path(host.known_hosts),)
        found = replace(found, user_known_hosts=files, global_known_hosts=(), known_hosts_named=True)
    if host.identity_file:
        found = replace(found, identity_files=(host.identity_file,), identities_only=True)
    return found


def _without_ssh(host: Host, where: Destination) -> str:
    """The words that `ssh -G` would print, as far as asyncssh reads the configuration. Raises Unreachable."""
    from asyncssh.config import ConfigParseError, SSHClientConfig

    folder = Path(home(), ".ssh")
    file = folder / "config"
    files = [str(file)] if file.is_file() and not host.sandbox else []
    user, port = where.user or (), where.port or ()
    try:
        config = SSHClientConfig.load(None, files, False, False, False, login_name(), user, where.host, port)
    except (ConfigParseError, OSError, ValueError) as error:
        words = f"{host.ssh}: the SSH configuration: {clean_line(str(error), 200)}"
        raise Unreachable(words, f"correct {file}") from error
    lines = list[str]()
    for name in _READ:
        value = config.get(name)
        values: list[object] = list(value) if isinstance(value, list | tuple) else [value]
        said = [_word(one) for one in values if one not in (None, "")]
        lines += [f"{name.lower()} {one}" for one in (said if name in _SEVERAL else [" ".join(said)]) if one]
    lines += [f"hostname {where.host}", f"user {login_name()}", *_USUAL]
    if not config.get("IdentityFile"):
        lines += [f"identityfile {folder / name}" for name in ("id_rsa", "id_ecdsa", "id_ed25519")]
    return "\n".join(lines)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_USUAL = (
    "userknownhostsfile ~/.ssh/known_hosts ~/.ssh/known_hosts2",
    "globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2",
)
_SEVERAL = ("IdentityFile", "CertificateFile")
_READ = (
    "Hostname", "User", "Port", "ProxyJump", "ProxyCommand", "IdentityFile", "CertificateFile", "IdentitiesOnly",
    "IdentityAgent", "HostKeyAlias", "UserKnownHostsFile", "GlobalKnownHostsFile", "AddressFamily", "BindAddress",
    "ConnectTimeout",
)  # fmt: skip


async def _usual() -> dict[str, list[str]]:
    """The settings of ssh without any configuration."""
    global _without
    if _without is None:
        _without = options(await _printed(("-F", "none", "--", "host.invalid"), "ssh"))
    return _without


_without: dict[str, list[str]] | None = None


async def _printed(arguments: tuple[str, ...], who: str, command: str | None = None) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            program() or "ssh",
            "-G",
            *arguments,
            *((command,) if command is not None else ()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise Unreachable(f"{who}: ssh cannot be run: {error.strerror or error}", "look at the ssh in PATH") from error
    try:
        async with asyncio.timeout(LIMIT):
            stdout, stderr = await process.communicate()
    except TimeoutError as error:
        words = f"{who}: `ssh -G` did not say within {LIMIT:.0f} s how to reach it"
        raise Unreachable(words, "look at `Match exec` and CanonicalizeHostname in ~/.ssh/config") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                process.kill()
            await process.wait()
    if process.returncode != 0 and command is not None and b"and remote command" in stderr:
        return await _printed(arguments, who)  # RemoteCommand, which is nothing to us
    if process.returncode != 0:
        lines = [clean_line(line, 200) for line in decode(stderr).splitlines() if "terminating" not in line]
        said = "; ".join(line for line in lines if line and "Pseudo-terminal" not in line) or "it failed"
        fix = "correct ~/.ssh/config: ssh itself refuses it, too"
        if (unknown := re.search(r"Bad configuration option: (\w+)", said)) is not None:
            fix += f"; an option of another system's ssh may stay behind a first line `IgnoreUnknown {unknown[1]}`"
        if (open_to := re.search(r"Bad owner or permissions on (.+?)(?:; |$)", said)) is not None:
            fix = f"chmod 600 {shlex.quote(open_to[1])}; it has to belong to you, too: ssh itself refuses it"
        raise Unreachable(f"{who}: the SSH configuration: {said}", fix)
    return decode(stdout)


def _same(one: str, other: str) -> bool:
    try:
        return Path(one).samefile(other)
    except OSError:
        return False


@functools.cache
def _own_configuration(meant: str) -> str:
    """A file that includes the configuration of a home, and the system's. It lives as long as this process."""
    lines = [f'Include "{file}"' for file in (Path(meant, ".ssh/config"), SYSTEM)]  # one that is missing says nothing
    known = " ".join(f'"{Path(meant, ".ssh", name)}"' for name in ("known_hosts", "known_hosts2"))
    handle, path = tempfile.mkstemp(prefix="rollback-ssh-")
    with os.fdopen(handle, "w") as file:
        file.write("\n".join((*lines, "Match all", f"  UserKnownHostsFile {known}", "")))
    atexit.register(Path(path).unlink, missing_ok=True)
    return path
