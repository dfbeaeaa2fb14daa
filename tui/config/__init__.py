"""services.yaml → Fleet. Every problem of the file is reported at once, each with line, key, value and the fix.

Takes the file's text and the environment; gives a `Fleet` that holds together: every service's host exists, no name is
ambiguous, a sandbox host is on this machine. `read` finds the file, `trust` says what it can make us do, `nodes` walks
the YAML and knows its lines, `values` reads single values, `shapes` says of what a file may consist, `schema`,
`service_keys` and `health_keys` which keys there are, `hosts_and_services` what has to fit together, `vendors` has the
sections that vendors describe themselves.
"""

from collections.abc import Mapping
from pathlib import Path

from tui import garbage
from tui.config.nodes import compose
from tui.config.reading import Origin, ServicesError, bytes_of, decoded, find, here
from tui.model.service import Fleet
from tui.model.vendor import Section

__all__ = ["Fleet", "Origin", "ServicesError", "bytes_of", "find", "here", "load"]


def load(
    file: Path, *, environ: Mapping[str, str], sections: tuple[Section, ...] = (), raw: bytes | None = None
) -> Fleet:
    """The fleet of a trusted file, or of `raw` where its bytes were read already: its variables are put in.

    `sections`: those of all vendors; any other is an unknown key.

    Raises ServicesError with every problem of the file."""
    from tui.config.schema import read_fleet  # all that a file may say: nothing that is drawn first needs it

    text = decoded(file, bytes_of(file) if raw is None else raw)
    with garbage.put_off():  # a large file makes many thousand parts, all of them needed
        root, problems = compose(text, environ)
        if root is None:
            raise ServicesError(str(file), tuple(problems))
        fleet = read_fleet(root, str(file), problems, sections)
    if problems or fleet is None:
        raise ServicesError(str(file), tuple(sorted(problems, key=lambda p: p.line)))
    return fleet
