"""Git over a host's SSH connection: `client` pushes and reads, `wire` is the protocol.

`history` and `between` read commits, `pack_size` says what unpacking them would take.
"""

from tui.drivers.git.client import Git

__all__ = ["Git"]
