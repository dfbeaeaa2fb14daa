"""The options of the command line that concern the console."""

from datetime import timedelta

from tui.model.value import Value


class Setup(Value):
    """The options that the console was started with."""

    services: str | None = None
    service: str | None = None
    """the service that the cursor begins at; None: as the board says"""
    replay: str | None = None
    """a closed incident that is played once more"""
    speed: int = 10
    web: bool = False
    """inside a browser's session: no terminal of its own"""
    read_only: bool = False
    accept_host_key: str | None = None
    watch: timedelta | None = None
    """None: as services.yaml says"""
    colour: bool = True
    ascii_only: bool | None = None
    """None: as locale and terminal say"""
    mouse: bool | None = None
    """None: off inside ssh, where it would keep people from selecting text"""
    low_bandwidth: bool = False
