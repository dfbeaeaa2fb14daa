"""SSH: `host` is one Dokku host and its two connections, `channel` one command or stream in them.

`host_keys` and `identity` decide who the host is and who we are, `login` finds out how the login wants its commands.
"""

from tui.drivers.ssh.host import SshHost
from tui.drivers.ssh.identity import Identities

__all__ = ["Identities", "SshHost"]
