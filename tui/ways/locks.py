"""What is said of a deploy lock. Its file alone does not tell a deploy that runs from one that died."""


def running(app: str) -> str:
    """A deploy seems to be at work."""
    return (
        f"a deploy of {app} is running: wait for its end. If nobody deploys, one that died has left its lock, or "
        f"somebody locked by hand: then `apps:unlock {app}` and plan again"
    )


def stale(app: str) -> str:
    """The file is there, and the host says that no build runs."""
    return (
        f"{app} is locked and no build runs: a deploy died, or somebody locked by hand. The host lets a deploy through "
        "and removes the lock"
    )
