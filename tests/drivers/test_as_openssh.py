"""Whatever the real client does with a configuration, the driver does: the same reading, the same verdict."""

import asyncio
import base64
import contextlib
import os
import pwd
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.drivers.test_ssh import FORCED, driver
from tests.sshd import Sshd, real_sshd
from tui.drivers.ssh import Identities, client_config, known_hosts, proxy_command, settings
from tui.model.errors import AuthRefused, HostKeyRefused, LinkError, Unreachable
from tui.model.service import Host, Transport

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0tzZLVoMbKWqrZCTFYqQLPUkFRkKBJ4C3bLQnk2Lzd"


# ── files of known hosts ─────────────────────────────────────────────────────────────────────────────────────────────

PATTERNS = [
    "web1", "WEB1", "web1,10.0.0.1", "web*", "web?", "*", "!web1,*", "*,!web1", "[web1]:2222", "[web*]:*", "[web1]:22",
    "10.0.0.*", "web1.prod", "w[e]b1", "[[]web1]:2222", ",web1", "web1,", "|1|AAAA|BBBB", "|2|x|y", "",
]  # fmt: skip


@pytest.mark.parametrize("name", ["web1", "[web1]:2222", "10.0.0.1", "web1.prod"])
def test_patterns_match_as_the_real_client_has_it(name: str, tmp_path: Path) -> None:
    file = tmp_path / "known"
    for pattern in PATTERNS:
        file.write_text(f"# a comment\n{pattern} {KEY} and a comment\n")
        done = subprocess.run(["ssh-keygen", "-F", name, "-f", str(file)], capture_output=True, text=True)
        found = known_hosts.look_up((file,), (name,))
        assert bool(found.keys) == (KEY in done.stdout), pattern


def test_hashed_names_are_those_of_the_real_client(tmp_path: Path) -> None:
    file = tmp_path / "known"
    file.write_text(f"web1 {KEY}\n[web1]:2222 {KEY}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)
    assert "web1" not in file.read_text()
    assert [bool(known_hosts.look_up((file,), (one,)).keys) for one in ("WEB1", "[web1]:2222", "web2")] == [1, 1, 0]
    file.write_text(known_hosts.line("[web9]:1", KEY, hashed=True))
    done = subprocess.run(["ssh-keygen", "-F", "[web9]:1", "-f", str(file)], capture_output=True, text=True)
    assert KEY in done.stdout


def test_lines_that_cannot_be_read_are_passed_over_and_markers_are_not_keys(tmp_path: Path) -> None:
    file = tmp_path / "known"
    file.write_bytes(
        b"\xff\xfe\n@unknown web1 ssh-rsa AAAA\nweb1\nweb1 ssh-rsa\n"
        + f"@cert-authority *.prod,web1 {KEY}\n@revoked * {KEY} x\n  web1   {KEY}\n".encode()
    )
    found = known_hosts.look_up((Path("/dev/null"), tmp_path / "none", file), ("web1",))
    assert (found.keys, found.authorities, found.revoked, found.by_port) == ((KEY,), (KEY,), (KEY,), True)
    assert not known_hosts.look_up((file,), ("[web1]:22", "web1")).by_port


# ── configurations ───────────────────────────────────────────────────────────────────────────────────────────────────

PIECES = [
    "HostName 127.0.0.1", "HostName=10.0.0.%p", 'HostName "web.example" # not a part', "hostname = %h.example",
    "Port 2222", "PORT=2200 # why", "User deploy", 'User "dokku"', "IdentityFile ~/.ssh/one",
    'IdentityFile "%d/.ssh/with blank"', "IdentityFile /keys/%r@%h-%p%%", "IdentityFile ${HOME}/x",
    "IdentitiesOnly yes",
    "UserKnownHostsFile ~/.ssh/a ~/.ssh/b", "UserKnownHostsFile none", "GlobalKnownHostsFile /etc/known",
    "HostKeyAlias web.prod", "ConnectTimeout 1m30s", "AddressFamily inet6", "ProxyJump me@bastion:2200,other",
    "ProxyJump none", "ProxyCommand nc -X 5 %h %p", "StrictHostKeyChecking accept-new", "HashKnownHosts yes",
    "CertificateFile ~/.ssh/one-cert.pub", "IdentityAgent none", "IdentityAgent ~/agent.sock", "RequestTTY force",
    "ServerAliveInterval 1h", "RemoteCommand uptime", "Ciphers ^aes256-ctr", "KexAlgorithms -curve25519-sha256",
    "PubkeyAcceptedAlgorithms +ssh-rsa", "BindAddress 127.0.0.1", "Match host 10.*", "Match originalhost web1",
    "Match user deploy,dokku", "Match exec \"test %h != x\"", "Match exec false", "Match final", "Host web? !web2",
    "Host *", "Host other", "Include extra.*", "Tag x", "IgnoreUnknown Nonsense", "LocalForward 9999 localhost:1",
]  # fmt: skip
PLAIN: dict[str, Callable[[Any], str | None]] = {
    "hostname": lambda s: s.host,
    "user": lambda s: s.user,
    "port": lambda s: str(s.port),
    "hostkeyalias": lambda s: s.host_key_alias,
    "proxyjump": lambda s: ",".join(s.jumps) or None,
    "connecttimeout": lambda s: None if s.connect_timeout is None else str(int(s.connect_timeout)),
    "addressfamily": lambda s: s.address_family,
    "bindaddress": lambda s: s.bind_address,
}


@pytest.mark.parametrize("seed", range(36))
async def test_what_is_used_is_what_the_real_client_says(seed: int, home: Path) -> None:
    picked = random.Random(seed)
    text = "\n".join(picked.sample(PIECES, picked.randint(2, 14)))
    (home / ".ssh/config").write_text(text + "\n")
    (home / ".ssh/extra.conf").write_text("Port 4444\n")
    argv = ["ssh", "-G", "-F", str(home / ".ssh/config"), "-l", "me", "web1"]
    done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    target = Host(name="h", ssh="me@web1")
    if done.returncode:
        with pytest.raises(Unreachable, match="the SSH configuration"):
            await client_config.settings(target)
        return
    said = settings.options(done.stdout)
    used = await client_config.settings(target)
    for key, of in PLAIN.items():
        value = said.get(key, ["none"])[0]
        assert of(used) == (None if value == "none" else value), (key, text)
    assert len(used.identity_files) == len(said["identityfile"]), text
    assert all(Path(one).is_absolute() and "~" not in one for one in used.identity_files), text
    assert used.identities_only == (said["identitiesonly"] == ["yes"])
    if "userknownhostsfile" in text.lower():
        account = pwd.getpwuid(os.getuid()).pw_dir  # ssh does not ask HOME
        assert [str(one) for one in used.user_known_hosts] == [
            one for one in said["userknownhostsfile"][0].split() if one != "none"
        ] or not said["userknownhostsfile"][0].startswith(f"{account}/.ssh/a"), text
    ours = dict(used.algorithms)
    for key in settings.ALGORITHMS:
        assert ours.get(key, tuple(said[key][0].split(","))) == tuple(said[key][0].split(",")), key


def test_tokens_variables_and_blanks_in_paths(tmp_path: Path) -> None:
    (tmp_path / "a b").write_text("")
    text = (
        f"hostname 10.0.0.1\nuser me\nport 22\nuserknownhostsfile {tmp_path}/a b ~/.ssh/%k\n"
        "identityfile ~/.ssh/%r_%n_%p_%%_%z\nidentityfile ${KEYS}/x\nidentityagent $SOCK\nproxycommand nc %h %p\n"
    )
    read = settings.read(text, "web1", home="/h", environ={"KEYS": "/keys", "SOCK": "/s"}, usual={})
    assert read.identity_files == ("/h/.ssh/me_web1_22_%_%z", "/keys/x")
    assert [str(one) for one in read.user_known_hosts] == [f"{tmp_path}/a b", "/h/.ssh/web1"]
    assert (read.agent, read.proxy_command) == ("/s", "nc 10.0.0.1 22")


async def test_without_an_ssh_program_the_configuration_is_read_all_the_same(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_config, "program", lambda: None)
    (home / ".ssh/config").write_text(
        "Host web1\n  HostName 10.0.0.1\n  Port 2222\n  IdentityFile ~/.ssh/one\n  IdentityFile ~/.ssh/two\n"
        "  HostKeyAlias x\n  ProxyJump a,b\n  IdentitiesOnly yes\n"
    )
    found = await client_config.settings(Host(name="h", ssh="me@web1"))
    assert (found.host, found.port, found.user, found.host_key_alias) == ("10.0.0.1", 2222, "me", "x")
    assert [Path(one).name for one in found.identity_files] == ["one", "two"]
    assert (found.jumps, found.identities_only) == (("a", "b"), True)
    plain = await client_config.settings(Host(name="h", ssh="other:2200", known_hosts="/k", identity_file="/i"))
    assert (plain.host, plain.port, plain.identity_files) == ("other", 2200, ("/i",))
    assert (plain.user_known_hosts, plain.global_known_hosts) == ((Path("/k"),), ())
    assert (await client_config.settings(Host(name="h", ssh="other"))).user_known_hosts[0] == home / ".ssh/known_hosts"
    (home / ".ssh/config").write_text("Port many\n")
    with pytest.raises(Unreachable, match="the SSH configuration"):
        await client_config.settings(Host(name="h", ssh="me@web1"))


# ── log-ins ──────────────────────────────────────────────────────────────────────────────────────────────────────────

LOGINS = {
    "comments, = and quotes": ('HostKeyAlias = "x" # why\n', "x {key}"),
    "a missing identity first": ("IdentityFile /no/such\n", "[127.0.0.1]:{port} {key}"),
    "an entry without a port": ("", "127.0.0.1 {key}"),
    "a pattern for every port": ("", "[127.0.*]:* {key}"),
    "an authority for everybody beside an entry without a port": ("", "@cert-authority * {wrong}\n127.0.0.1 {key}"),
    "an exception to a pattern": ("", "*,![127.0.0.1]:{port} {key}"),
    "two files": ("UserKnownHostsFile /no/such {home}/.ssh/other\n", ""),
    "a global file": ("GlobalKnownHostsFile {home}/.ssh/other\n", ""),
    "nothing on file": ("", ""),
    "another key": ("", "[127.0.0.1]:{port} {wrong}"),
    "another key without a port": ("", "127.0.0.1 {wrong}"),
    "a revoked key": ("", "[127.0.0.1]:{port} {key}\n@revoked * {key}"),
    "an alias that has no port": ("HostKeyAlias x\n", "[x]:{port} {key}"),
    "a terminal, a command, a forwarding": ("RequestTTY force\nServerAliveInterval 1h\nConnectTimeout 1m\n", "* {key}"),
    "a condition that runs": ('Match exec "test %p = {port}"\n HostKeyAlias y\n', "y {key}"),
    "another family": ("AddressFamily inet6\n", "* {key}"),
    "chosen algorithms": ("Ciphers aes256-ctr\nKexAlgorithms ^curve25519-sha256\nMACs hmac-sha2-256\n", "* {key}"),
    "algorithms that do not fit": ("PubkeyAcceptedAlgorithms rsa-sha2-512\n", "* {key}"),
    "a command on the way": ("ProxyCommand {python} {home}/carry %h %p\n", "[127.0.0.1]:{port} {key}"),
    "a command on the way that talks": (
        "ProxyCommand sh -c 'echo WARNING: old >&2; exec {python} {home}/carry %h %p'\n",
        "[127.0.0.1]:{port} {key}",
    ),
    "a command on the way without stderr": (
        "ProxyCommand {python} {home}/carry %h %p 2>/dev/null\n",
        "[127.0.0.1]:{port} {key}",
    ),
    "a command on the way that fails": ("ProxyCommand sh -c 'echo log in first >&2; exit 3'\n", "* {key}"),
    "a folder among the files": ("UserKnownHostsFile {home}/.ssh {home}/.ssh/other\n", ""),
    "a form feed, which ends no line": ("", "# x\x0c\x85 [127.0.0.1]:{port} {key}"),
    "a blank that is none": ("", "[127.0.0.1]:{port}\xa0{key}"),
    "going into the background": ("ForkAfterAuthentication yes\n", "* {key}"),
    "kinds of keys that do not fit": ("HostKeyAlgorithms rsa-sha2-512\n", "* {key}"),
    "an included folder": ("Include {home}/.ssh/conf.d/*.conf\n", "k1 {key}"),
}
BOTH = ("a command on the way without stderr", "going into the background")
"""tried over both carriers of the link"""
CARRY = """import os, socket, sys, threading
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def out():
    while data := s.recv(65536): os.write(1, data)
    os._exit(0)
threading.Thread(target=out, daemon=True).start()
while data := os.read(0, 65536): s.sendall(data)
"""


def written(server: Sshd, home: Path, config: str, known: str) -> None:
    """A configuration and a file of known hosts, with what is known only now put in."""
    import sys

    (home / "carry").write_text(CARRY)
    key = " ".join(Path(server.known_hosts).read_text().split()[1:3])
    words = {"home": home, "port": server.port, "key": key, "wrong": KEY, "python": sys.executable}
    folder = home / ".ssh"
    (folder / "config").write_text(
        f"Host web1\nHostName 127.0.0.1\nPort {server.port}\nUser {server.user}\n"
        + config.format(**words).replace(str(home), f'"{home}"' if "KnownHosts" in config else str(home))
        + f"\nHost web1\nIdentityFile {server.identity}\n"
    )
    (folder / "known_hosts").write_text(known.format(**words) + "\n")
    (folder / "other").write_text(f"[127.0.0.1]:{server.port} {key}\n")
    (folder / "conf.d").mkdir(exist_ok=True)
    (folder / "conf.d/a.conf").write_text("HostKeyAlias k1\n")


async def verdict(target: Host) -> str:
    try:
        async with driver(target) as host:
            return "in" if (await host.run(("version",), timeout=20)).ok else "failed"
    except LinkError as error:
        return type(error).__name__


@pytest.mark.parametrize("case", LOGINS)
async def test_both_clients_come_to_the_same_verdict(sshd: Sshd, tmp_path: Path, home: Path, case: str) -> None:
    if "command on" in case:  # a shell splits the path at its blank, for both
        home = tmp_path / "home"
        (home / ".ssh").mkdir(parents=True)
        os.environ["HOME"] = str(home)  # put back by the fixture
    config, known = LOGINS[case]
    written(sshd, home, config, known)
    argv = ["ssh", *client_config.chosen(), "-o", "BatchMode=yes", "-T", "web1", "version"]
    done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    seen = await verdict(Host(name="h", ssh="web1"))
    assert (seen == "in") == (done.returncode == 0), (seen, done.stderr)
    if case in BOTH:
        assert await verdict(Host(name="h", ssh="web1", transport=Transport.OPENSSH)) == "in"


@pytest.mark.parametrize("transport", Transport)
async def test_what_was_to_carry_the_link_is_named_with_its_own_words(
    sshd: Sshd, home: Path, transport: Transport
) -> None:
    made = Host(name="h", ssh="web1", transport=transport)
    for command, words in (
        ("sh -c 'echo log in first >&2; exit 3'", "log in first"),
        ("/no/such/program", "(No such|not found)"),
    ):
        (home / ".ssh/config").write_text(f"Host web1\n  ProxyCommand {command}\n")
        async with driver(made) as host:
            with pytest.raises(Unreachable, match=rf"its ProxyCommand ended before web1 .*{words}") as ended:
                await host.connect()
        assert "by hand" in ended.value.fix
    (home / ".ssh/config").write_text("Host web1\n  ProxyCommand sleep 30\n  ConnectTimeout 1\n")
    async with driver(made) as host:
        with pytest.raises(Unreachable, match="no connection to port 22"):
            await host.connect()


async def test_what_carries_the_link_is_gone_with_it_and_once_the_login_has_failed(
    sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"  # a shell splits a path at its blanks
    (home / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    carriers: list[proxy_command.Carrier] = []
    start = proxy_command.start

    async def noted(command: str) -> proxy_command.Carrier:
        carriers.append(await start(command))
        return carriers[-1]

    monkeypatch.setattr(proxy_command, "start", noted)
    (home / ".ssh/config").write_text("Host web1\n  ProxyCommand sleep 30\n  ConnectTimeout 1\n")
    async with driver(Host(name="h", ssh="web1")) as host:
        with pytest.raises(Unreachable):
            await host.connect()
        assert [carrier.is_closed() for carrier in carriers] == [True]
    written(sshd, home, *LOGINS["a command on the way"])
    async with driver(Host(name="h", ssh="web1")) as host:
        await host.connect()
        assert [carrier.is_closed() for carrier in carriers] == [True, False]
    assert [carrier.is_closed() for carrier in carriers] == [True, True]


@pytest.mark.parametrize("transport", Transport)
async def test_algorithms_that_no_side_shares_are_no_limit_of_logins(
    sshd: Sshd, home: Path, transport: Transport
) -> None:
    written(sshd, home, "HostKeyAlgorithms rsa-sha2-512\n", "* {key}")
    async with driver(Host(name="h", ssh="web1", transport=transport)) as host:
        with pytest.raises(Unreachable) as ended:
            await host.connect()
    assert "hostkeyalgorithms" in ended.value.fix.lower() and "MaxStartups" not in ended.value.fix


async def test_a_certificate_of_a_known_authority_is_enough(tmp_path: Path, home: Path) -> None:
    with real_sshd(tmp_path / "s", FORCED) as server:
        folder = tmp_path / "s"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "ca")], check=True)
        sign = ["ssh-keygen", "-q", "-s", str(folder / "ca"), "-I", "x", "-h", "-n", "127.0.0.1"]
        subprocess.run([*sign, str(folder / "host_key.pub")], check=True)
        config = (folder / "sshd_config").read_text()
        (folder / "sshd_config").write_text(f"HostCertificate {folder}/host_key-cert.pub\n{config}")
        os.kill(server.pid, 1)  # reads its configuration anew
        authority = (folder / "ca.pub").read_text()
        for pattern, expected in (("127.0.*", "in"), (f"[127.0.0.1]:{server.port}", "in"), ("10.*", "HostKeyRefused")):
            (home / ".ssh/known_hosts").write_text(f"@cert-authority {pattern} {authority}")
            for _ in range(50):
                seen = await verdict(Host(name="h", ssh=server.destination, identity_file=server.identity))
                if seen == expected:
                    break
                await asyncio.sleep(0.1)
            assert seen == expected, pattern
        (folder / "host_key-cert.pub").unlink()
        subprocess.run([*sign[:-1], "elsewhere", str(folder / "host_key.pub")], check=True)
        os.kill(server.pid, 1)
        bare = f"@cert-authority * {authority}"
        for known, expected in ((bare, "HostKeyRefused"), (bare + Path(server.known_hosts).read_text(), "in")):
            (home / ".ssh/known_hosts").write_text(known)
            for _ in range(50):
                seen = await verdict(Host(name="h", ssh=server.destination, identity_file=server.identity))
                if seen == expected:
                    break
                await asyncio.sleep(0.1)
            assert seen == expected, "a certificate for another name is none; the key itself may be on file"


# ── keys and agents ──────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def running_agent(socket: Path, **environ: str) -> Iterator[None]:
    """An agent that listens there."""
    argv = ["ssh-agent", "-D", "-a", str(socket)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env={**os.environ, **environ}) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline()  # it listens by then; its socket is there sooner
            yield
        finally:
            process.terminate()


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Path]:
    """An agent with seven keys that nobody takes: more than a server lets anybody try."""
    socket = tmp_path / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    with running_agent(socket):
        for number in range(7):
            key = tmp_path / f"stranger{number}"
            asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(key))
            key.chmod(0o600)
            subprocess.run(["ssh-add", "-q", str(key)], check=True, capture_output=True)
        yield socket


async def test_the_agent_signs_for_a_public_half_and_named_keys_come_first(
    sshd: Sshd, agent: Path, home: Path, tmp_path: Path
) -> None:
    subprocess.run(["ssh-add", "-q", sshd.identity], check=True, capture_output=True)
    public = tmp_path / "mine.pub"
    public.write_text(Path(f"{sshd.identity}.pub").read_text())
    where: dict[str, Any] = {"name": "h", "ssh": sshd.destination, "known_hosts": sshd.known_hosts}
    assert await verdict(Host(**where, identity_file=str(public))) == "in"
    assert await verdict(Host(**where, identity_file=str(public.with_suffix("")))) == "in", "its .pub is enough"
    (home / ".ssh/config").write_text(f"IdentityFile {public}\n")
    assert await verdict(Host(**where)) == "in", "the eighth key of the agent is tried first, since it is named"
    (home / ".ssh/config").write_text("")
    async with driver(Host(**where)) as host:
        with pytest.raises(AuthRefused, match="more keys were tried than the host allows") as refused:
            await host.connect()
    assert "identity_file" in refused.value.fix


@pytest.mark.parametrize("transport", Transport)
async def test_an_agent_that_does_not_sign_is_named_and_not_the_host(
    sshd: Sshd, agent: Path, home: Path, monkeypatch: pytest.MonkeyPatch, transport: Transport
) -> None:
    """As where nobody confirms, nobody touches the security key, or 1Password is locked."""
    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    subprocess.run(["ssh-add", "-q", "-D"], check=True, capture_output=True)
    subprocess.run(["ssh-add", "-q", "-c", sshd.identity], check=True, capture_output=True)
    made = Host(name="h", ssh=sshd.destination, known_hosts=sshd.known_hosts, transport=transport)
    async with driver(made) as host:
        with pytest.raises(AuthRefused, match="takes the key, but the agent did not sign") as refused:
            await host.connect()
    assert "confirm" in refused.value.fix


@pytest.mark.parametrize("transport", Transport)
async def test_an_agent_that_went_away_is_named_and_not_the_access(
    sshd: Sshd, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: Transport
) -> None:
    """A console in tmux outlives the login whose agent it knows: `ssh-add` in the next one changes nothing for it."""
    socket, public = tmp_path / "agent", tmp_path / "mine.pub"
    public.write_text(Path(f"{sshd.identity}.pub").read_text())
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    made = Host(name="h", ssh=sshd.destination, known_hosts=sshd.known_hosts, transport=transport)
    async with driver(made) as host:
        with running_agent(socket):
            subprocess.run(["ssh-add", "-q", sshd.identity], check=True, capture_output=True)
            assert (await host.run(("version",), timeout=20)).ok
        await host.drop()
        with pytest.raises(AuthRefused, match=f"no agent answers at {socket}") as refused:
            await host.run(("version",), timeout=20)
    assert refused.value.fix.startswith("start again in a shell in which `ssh-add -l` answers")
    if transport is Transport.ASYNCSSH:
        named = Host(name="h", ssh=sshd.destination, known_hosts=sshd.known_hosts, identity_file=str(public))
        async with driver(named) as host:
            with pytest.raises(
                AuthRefused, match=f"no agent holds its other half; no agent answers at {socket}"
            ) as half:
                await host.connect()
        assert half.value.fix.startswith("start again") and "there: ssh-add the private key" in half.value.fix


async def test_an_agent_that_waits_for_a_person_is_named(
    sshd: Sshd, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = tmp_path / "asks"
    asks.write_text("#!/bin/sh\nexec sleep 30\n")
    asks.chmod(0o755)
    socket = tmp_path / "patient"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    with running_agent(socket, SSH_ASKPASS=str(asks), SSH_ASKPASS_REQUIRE="force", DISPLAY=":9"):
        subprocess.run(["ssh-add", "-q", "-c", sshd.identity], check=True, capture_output=True)
        (home / ".ssh/config").write_text("ConnectTimeout 1\n")
        async with driver(Host(name="h", ssh=sshd.destination, known_hosts=sshd.known_hosts)) as host:
            with pytest.raises(AuthRefused, match="takes the key, but the agent did not sign"):
                await host.connect()


async def test_a_public_half_without_an_agent_is_explained_or_its_private_one_beside_it_is_used(
    sshd: Sshd, home: Path, tmp_path: Path
) -> None:
    where: dict[str, Any] = {"name": "h", "ssh": sshd.destination, "known_hosts": sshd.known_hosts}
    assert await verdict(Host(**where, identity_file=f"{sshd.identity}.pub")) == "in"
    alone = tmp_path / "alone.pub"
    alone.write_text(Path(f"{sshd.identity}.pub").read_text())
    async with driver(Host(**where, identity_file=str(alone))) as host:
        with pytest.raises(AuthRefused, match=r"alone\.pub is a public key, and no agent holds") as refused:
            await host.connect()
    assert "ssh-add" in refused.value.fix


async def test_a_certificate_that_is_named_is_used_with_the_key_of_the_agent_or_beside_it(
    agent: Path, home: Path, tmp_path: Path
) -> None:
    with real_sshd(tmp_path / "s", FORCED) as server:
        folder = tmp_path / "s"
        for name in ("ca", "mine"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        sign = ["ssh-keygen", "-q", "-s", str(folder / "ca"), "-I", "x", "-n", server.user, str(folder / "mine.pub")]
        subprocess.run(sign, check=True)
        (folder / "authorized_keys").write_text("cert-authority " + (folder / "ca.pub").read_text())
        named = folder / "mine-cert.pub"
        made = Host(name="h", ssh=server.destination, known_hosts=server.known_hosts, identity_file=str(named))
        assert await verdict(made) == "in", "the private key lies beside it"
        subprocess.run(["ssh-add", "-q", str(folder / "mine")], check=True, capture_output=True)
        (folder / "mine").unlink()
        assert await verdict(made) == "in"
        subprocess.run(["ssh-add", "-q", "-D"], check=True, capture_output=True)
        async with driver(made) as host:
            with pytest.raises(AuthRefused, match=r"mine-cert\.pub is a certificate, and no agent holds"):
                await host.connect()


OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("raw", "words", "fix"),
    [
        (b"", "is empty", "ssh-keygen"),
        (b"\xef\xbb\xbf" + OPENSSH, "byte order mark", "plain text"),
        (OPENSSH.decode().encode("utf-16"), "byte order mark", "plain text"),
        (b"PuTTY-User-Key-File-3: ssh-ed25519\n", "a key of PuTTY", "puttygen"),
        (b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n", "a key of SSH2", "export"),
        (b"-----BEGIN DSA PRIVATE KEY-----\nMIIB\n-----END DSA PRIVATE KEY-----\n", "a DSA key", "ed25519"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n", "of another program", "ssh-keygen"),
        (OPENSSH.replace(b"\n", b" "), "lost its line ends", "CI"),
        (OPENSSH.replace(b"\n", b"\\n"), "lost its line ends", "CI"),
        (OPENSSH.replace(b"\n", b"\n  "), "indented", "blanks"),
        (OPENSSH[:42], "cut off", "CI"),
        (base64.b64encode(OPENSSH), "in base64", "base64 -d"),
        (b"'" + OPENSSH + b"'", "in quotes", "quotes"),
        (b"hunter2\n", "no usable key", "identity_file"),
    ],
)
async def test_what_is_wrong_with_a_key_file_is_named(
    home: Path, tmp_path: Path, raw: bytes, words: str, fix: str
) -> None:
    (tmp_path / "id").write_bytes(raw)
    (tmp_path / "id").chmod(0o600)
    made = await client_config.settings(Host(name="h", ssh="web1", identity_file=str(tmp_path / "id")))
    with pytest.raises(AuthRefused, match=words) as refused:
        await Identities().offer(asyncssh, made, required=True)
    assert fix in refused.value.fix
    assert any(words in one.why for one in (await Identities().offer(asyncssh, made)).passed_over)


async def test_what_only_ssh_can_do_is_said_with_the_transport(sshd: Sshd, home: Path, tmp_path: Path) -> None:
    """A security key, a command that knows hosts: `transport: openssh` is the way, and is named."""
    words = (b"sk-ssh-ed25519@openssh.com", bytes(32), b"ssh:")
    blob = b"".join(len(word).to_bytes(4, "big") + word for word in words)
    (tmp_path / "sk").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    (tmp_path / "sk.pub").write_text(f"sk-ssh-ed25519@openssh.com {base64.b64encode(blob).decode()} me\n")
    where: dict[str, Any] = {"name": "h", "ssh": sshd.destination}
    async with driver(Host(**where, known_hosts=sshd.known_hosts, identity_file=str(tmp_path / "sk"))) as host:
        with pytest.raises(AuthRefused, match="security key") as key:
            await host.connect()
    (home / ".ssh/config").write_text(f"IdentityFile {tmp_path}/sk\nKnownHostsCommand /bin/true\n")
    async with driver(Host(**where, known_hosts=sshd.known_hosts)) as host:
        with pytest.raises(AuthRefused, match="security key") as named:
            await host.connect()
    async with driver(Host(**where)) as host:
        with pytest.raises(HostKeyRefused) as unknown:
            await host.connect()
    assert "KnownHostsCommand" in unknown.value.fix
    assert all("transport: openssh" in one.value.fix for one in (key, named, unknown))


async def test_a_key_of_the_configuration_is_unlocked_once_the_host_takes_it(tmp_path: Path, home: Path) -> None:
    with real_sshd(tmp_path / "s", FORCED, passphrase="opensesame") as server:
        stranger = tmp_path / "stranger"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "other", "-f", str(stranger)], check=True)
        (home / ".ssh/config").write_text(f"IdentityFile {stranger}\nIdentityFile {server.identity}\n")
        asked: list[str] = []

        def typed(prompt: str) -> str:
            asked.append(prompt)
            return "opensesame"

        mine = Identities(typed)
        for _ in range(2):
            async with driver(
                Host(name="h", ssh=server.destination, known_hosts=server.known_hosts), identities=mine
            ) as host:
                assert (await host.run(("version",), timeout=20)).ok
        assert asked == [f"passphrase of {server.identity}: "], (
            "the other key is not the host's, and is not asked about"
        )


# ── jump hosts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def jumping(server: Sshd, home: Path, *, jump: str, target: str) -> Host:
    """web1 through a jump host: the same server under two names, each with its own line on file."""
    key = " ".join(Path(server.known_hosts).read_text().split()[1:3])
    (home / ".ssh/config").write_text(
        f"Host web1 bastion\n  Port {server.port}\n  User {server.user}\n  IdentityFile {server.identity}\n"
        "Host web1\n  HostName 127.0.0.1\n  HostKeyAlias web1\n  ProxyJump bastion\n"
        "Host bastion\n  HostName localhost\n  HostKeyAlias bastion\n"
    )
    lines = {"bastion": jump or key, "web1": target or key}
    (home / ".ssh/known_hosts").write_text("".join(f"{name} {one}\n" for name, one in lines.items() if one != "none"))
    return Host(name="h", ssh="web1")


@pytest.mark.parametrize(
    ("jump", "target", "who", "what"),
    [
        ("", "", None, ""),
        ("none", "", "the jump host bastion of web1", "shows an unknown key"),
        (KEY, "", "the jump host bastion of web1", "shows another key than the one on file"),
        ("", "none", "web1", "shows an unknown key"),
        ("", KEY, "web1", "shows another key than the one on file"),
    ],
)
async def test_whose_key_it_is_through_a_jump_host(
    sshd: Sshd, home: Path, jump: str, target: str, who: str | None, what: str
) -> None:
    made = jumping(sshd, home, jump=jump, target=target)
    if who is None:
        assert await verdict(made) == "in"
        return
    async with driver(made) as host:
        with pytest.raises(HostKeyRefused) as refused:
            await host.connect()
    assert refused.value.message.startswith(f"{who} {what}"), refused.value.message
    assert refused.value.fingerprint.startswith("SHA256:")
    assert refused.value.changed == (KEY in (jump, target))
    if not refused.value.changed:
        async with driver(made, accept_fingerprint=refused.value.fingerprint) as host:
            assert (await host.run(("version",), timeout=20)).ok


async def test_a_jump_host_that_cannot_reach_the_target_is_named_so(sshd: Sshd, home: Path) -> None:
    made = jumping(sshd, home, jump="", target="")
    file = home / ".ssh/config"
    file.write_text("Host web1\n  Port 1\n" + file.read_text())
    async with driver(made) as host:
        with pytest.raises(Unreachable, match="web1 cannot be reached through its jump host"):
            await host.connect()
    file.write_text("Host web1\n  ProxyJump a\nHost a\n  ProxyJump b\nHost b\n  ProxyJump a\n")
    async with driver(made) as host:
        with pytest.raises(Unreachable, match="in a circle"):
            await host.connect()
    file.write_text("Host web1\n  ProxyJump none.invalid\n")
    async with driver(made) as host:
        with pytest.raises(Unreachable, match=r"the jump host none\.invalid of web1: the name none\.invalid does not"):
            await host.connect()
