"""The address of a service's health as its app's own site serves it: what a check inside the host could ask as well.

Only a plain request counts. What needs headers, a query or a body of its own would be answered otherwise where Dokku
asks the container itself, and a check that fails there keeps a good release from coming back.
"""

from urllib.parse import urlsplit

from tui.model.service import Service


def address(service: Service) -> tuple[str, str] | None:
    """Name of the site and path; None where no plain request to a site by name is what its health asks."""
    spec = service.health
    if spec is None or spec.url is None or spec.headers:
        return None
    parts = urlsplit(spec.url)
    if parts.query or parts.fragment or parts.username or not all(200 <= code < 300 for code in spec.expect.status):
        return None
    site = (spec.host_header or parts.hostname or "").partition(":")[0].lower()
    return (site, parts.path or "/") if site else None
