"""The route to a host, as the SSH configuration of this machine says it: what `ssh -G` prints, read.

`ssh -G` is the real client's own reading of ~/.ssh/config and /etc/ssh/ssh_config: conditions, patterns, includes,
quoting and canonical names are decided there. What it leaves to be done, `~` and %-tokens in paths, is done here.
"""

import hashlib
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path

from tui.model.value import Value

YES = ("yes", "true")
ALGORITHMS = ("ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms")


class Settings(Value):
    """One destination. Paths are whole."""

    host: str
    user: str
    port: int
    jumps: tuple[str, ...] = ()
    """the hosts on the way, the first one first, as `[user@]host[:port]`"""
    proxy_command: str | None = None
    """a line for a shell"""
    identity_files: tuple[str, ...] = ()
    certificate_files: tuple[str, ...] = ()
    identities_only: bool = False
    agent: str | None = None
    """the agent's socket"""
    host_key_alias: str | None = None
    user_known_hosts: tuple[Path, ...] = ()
    global_known_hosts: tuple[Path, ...] = ()
    known_hosts_named: bool = False
    """services.yaml names the file of known hosts: one that cannot be read is an error"""
    accept_new: bool = False
    """StrictHostKeyChecking is accept-new, no or off"""
    hash_known_hosts: bool = False
    trust_this_machine: bool = False
    """NoHostAuthenticationForLocalhost"""
    address_family: str = "any"
    bind_address: str | None = None
    connect_timeout: float | None = None
    """seconds"""
    algorithms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """those that differ from the client's own, by the name of their option"""
    forks: bool = False
    """ForkAfterAuthentication"""
    beyond: tuple[str, ...] = ()
    """options that decide who may log in or who the host is, and that only the ssh program itself follows"""


def read(
    text: str, asked: str, *, home: str, environ: Mapping[str, str], usual: Mapping[str, list[str]] | None = None
) -> Settings:
    """The output of `ssh -G asked`, read. `usual`: the same without any configuration, for what need not be set."""
    said = options(text)

    def one(key: str) -> str | None:
        value = said.get(key, [""])[0].strip()
        return None if value.lower() in ("", "none") else value

    host, user, port = one("hostname") or asked, one("user") or "", int(one("port") or 22)
    alias, jump = one("hostkeyalias"), one("proxyjump")
    tokens = _tokens(asked, host, user, port, alias, jump, home)

    def paths(value: str) -> tuple[Path, ...]:
        return tuple(Path(whole(word, tokens, home, environ)) for word in _apart(value) if word.lower() != "none")

    timeout = one("connecttimeout")
    command = one("proxycommand")
    strict = (one("stricthostkeychecking") or "ask").lower()
    return Settings(
        host=host,
        user=user,
        port=port,
        jumps=tuple(word.strip() for word in jump.split(",") if word.strip()) if jump else (),
        proxy_command=expanded(command, tokens) if command and not jump else None,
        identity_files=tuple(
            whole(v, tokens, home, environ) for v in said.get("identityfile", []) if v.lower() != "none"
        ),
        certificate_files=tuple(whole(v, tokens, home, environ) for v in said.get("certificatefile", []) if v),
        identities_only=one("identitiesonly") in YES,
        agent=_agent(said, tokens, home, environ),
        host_key_alias=alias,
        user_known_hosts=paths(one("userknownhostsfile") or ""),
        global_known_hosts=paths(one("globalknownhostsfile") or ""),
        accept_new=strict in ("accept-new", "no", "off", "false"),
        hash_known_hosts=one("hashknownhosts") in YES,
        trust_this_machine=one("nohostauthenticationforlocalhost") in YES,
        address_family=one("addressfamily") or "any",
        bind_address=one("bindaddress"),
        connect_timeout=float(timeout) if timeout and timeout.isdigit() else None,
        algorithms=tuple(
            (key, tuple(said[key][0].split(",")))
            for key in ALGORITHMS
            if key in said and usual is not None and said[key] != usual.get(key)
        ),
        forks=one("forkafterauthentication") in YES,
        beyond=_beyond(said, environ),
    )


def options(text: str) -> dict[str, list[str]]:
    """Option, in small letters, and its values in the order in which they were printed."""
    found: dict[str, list[str]] = {}
    for raw in text.splitlines():
        key, _, value = raw.strip().partition(" ")
        if key:
            found.setdefault(key.lower(), []).append(value.strip())
    return found


def whole(path: str, tokens: Mapping[str, str], home: str, environ: Mapping[str, str]) -> str:
    """A path with its tokens, variables and `~` put in."""
    path = path.strip('"')
    if path == "~" or path.startswith("~/"):
        path = home + path[1:]
    elif path.startswith("~"):
        path = os.path.expanduser(path)  # noqa: PTH111 - ~nobody is left as it is, where Path raises
    path = re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", lambda found: environ.get(found[1], found[0]), path)
    return expanded(path, tokens)


def expanded(text: str, tokens: Mapping[str, str]) -> str:
    """The %-tokens put in; one that is not known stays."""
    return re.sub(r"%(.)", lambda found: tokens.get(found[1], found[0]), text)


def _tokens(
    asked: str, host: str, user: str, port: int, alias: str | None, jump: str | None, home: str
) -> dict[str, str]:
    """ssh_config(5), TOKENS."""
    local = socket.gethostname()
    jumped = jump or ""
    digest = hashlib.sha1(f"{local}{host}{port}{user}{jumped}".encode(), usedforsecurity=False).hexdigest()
    return {
        "%": "%", "C": digest, "d": home, "h": host, "i": str(os.getuid()), "j": jumped, "k": alias or asked,
        "L": local.partition(".")[0], "l": local, "n": asked, "p": str(port), "r": user, "u": _me(),
    }  # fmt: skip


def _me() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _apart(value: str) -> list[str]:
    """Several paths on one line. `ssh -G` prints them with blanks between and does not quote those that hold one."""
    words, found = value.split(), list[str]()
    while words:
        for count in range(len(words), 1, -1):
            if Path(" ".join(words[:count])).exists():
                break
        else:
            count = 1
        found.append(" ".join(words[:count]))
        del words[:count]
    return found


def _agent(
    said: Mapping[str, list[str]], tokens: Mapping[str, str], home: str, environ: Mapping[str, str]
) -> str | None:
    value = said.get("identityagent", ["SSH_AUTH_SOCK"])[0].strip('" ')
    if value.lower() == "none":
        return None
    if value == "SSH_AUTH_SOCK":
        return environ.get("SSH_AUTH_SOCK") or None
    if re.fullmatch(r"\$\w+", value):
        return environ.get(value[1:]) or None
    return whole(value, tokens, home, environ)


def _beyond(said: Mapping[str, list[str]], environ: Mapping[str, str]) -> tuple[str, ...]:
    found: list[str] = []
    for key, name in (
        ("knownhostscommand", "KnownHostsCommand"),
        ("revokedhostkeys", "RevokedHostKeys"),
        ("pkcs11provider", "PKCS11Provider"),
    ):
        if said.get(key, ["none"])[0].lower() not in ("", "none"):
            found.append(name)
    for key, name in (
        ("hostbasedauthentication", "HostbasedAuthentication"),
        ("proxyusefdpass", "ProxyUseFdpass"),
        ("verifyhostkeydns", "VerifyHostKeyDNS"),
    ):
        if said.get(key, ["no"])[0].lower() in YES:
            found.append(name)
    if said.get("gssapiauthentication", ["no"])[0].lower() in YES and "KRB5CCNAME" in environ:
        found.append("GSSAPIAuthentication")  # some systems set it for everybody
    if said.get("pubkeyauthentication", ["yes"])[0].lower() in ("no", "false"):
        found.append("PubkeyAuthentication no")
    return tuple(found)
