"""The findings of `check` on things outside, the same for each: not set up, no credential, refused, works."""

from tui.drivers.secrets import Secrets
from tui.drivers.vendors.api import Reply
from tui.model.errors import ConfigError
from tui.model.finding import Finding, Result


def absent(topic: str, setting: str) -> Finding:
    """A note that `setting` of services.yaml is not written, which is no fault."""
    fix = f"services.yaml: {setting}, if you want it"
    return Finding(subject="services", topic=topic, result=Result.NOTE, text=f"{topic} is not set up", fix=fix)


def credential(secrets: Secrets, subject: str, topic: str, name: str) -> Finding | None:
    """A finding on a credential that is not set or cannot be read; None where it can."""
    try:
        if secrets.get(name) is not None:
            return None
    except ConfigError as error:
        return Finding(subject=subject, topic=topic, result=Result.FINDING, text=error.message, fix=error.fix)
    text = f"{topic} is set up, but {name} is not set: it is left out"
    fix = f"set {name}, or {name}_FILE to the path of a file that holds it"
    return Finding(subject=subject, topic=topic, result=Result.FINDING, text=text, fix=fix)


def judged(reply: Reply, subject: str, topic: str, works: str, fix: str) -> Finding:
    """The finding of one question that changed nothing: the words `works`, or the reply's trouble with its fix."""
    if reply.trouble:
        return Finding(subject=subject, topic=topic, result=Result.FINDING, text=f"{topic}: {reply.trouble}", fix=fix)
    return Finding(subject=subject, topic=topic, result=Result.OK, text=works)
