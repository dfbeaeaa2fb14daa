"""The Kubernetes cluster of a host as its own memory: what it keeps of every app that the scheduler k3s deploys."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Cluster:
    """The cluster's content of all apps: Secrets by name, and Helm's word about each app, by namespace and name."""

    down: bool = False
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    helm: dict[tuple[str, str], str] = field(default_factory=dict)  # "deployed", "busy" or "pending"
    newest: dict[tuple[str, str], str] = field(default_factory=dict)  # the name of the newest release's Secret
