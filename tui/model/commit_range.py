"""What lies between two commits of an app, as far as its repository on the host tells."""

from tui.model.value import Value


class CommitRange(Value):
    """Migrations between the release that runs and the one to go back to. Unknown is not none."""

    unknown: str = ""
    """why it is not known; empty: it is"""
    migrations: tuple[str, ...] = ()
    """paths of migrations that one of the two has and the other has not, or has changed"""
    tasks: tuple[str, ...] = ()
    """release and deploy tasks of the release that runs: they ran when it was deployed"""
