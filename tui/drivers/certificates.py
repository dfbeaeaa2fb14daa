"""Whom TLS trusts, from the environment: OpenSSL's own variables, and those that other programs on the machine read.

`SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's authorities. `REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE` add
theirs: whoever set them has a proxy or an authority of their own. One that leads nowhere is named where TLS needs it.
"""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

from tui import regular_file
from tui.text.clean import clean_line

REPLACING = {"SSL_CERT_FILE": Path.is_file, "SSL_CERT_DIR": Path.is_dir}
ADDING = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class UnusableCertificates(OSError):
    """The variables leave TLS with nobody to trust; they are named, with the fix. Nothing was sent."""


def context(environ: Mapping[str, str], file: str | None = None) -> ssl.SSLContext:
    """Who is trusted; whoever a `file` holds, too. Raises UnusableCertificates where a variable leaves nobody, or the
    file holds none."""
    wrong = troubles(environ)
    try:
        made = ssl.create_default_context()
    except OSError as error:
        raise UnusableCertificates(f"TLS cannot be set up: {clean_line(str(error))}; {_fix(wrong)}") from error
    if any(name in wrong for name in REPLACING) and not _anybody(made):
        raise UnusableCertificates(f"TLS trusts nobody: {_words(wrong)}; {_fix(wrong)}")
    for name in ADDING:
        if (value := environ.get(name, "").strip()) and name not in wrong:
            path = Path(value)
            made.load_verify_locations(capath=value) if path.is_dir() else made.load_verify_locations(cafile=value)
    if file is not None:
        try:
            made.load_verify_locations(cadata=regular_file.read(Path(file)).decode())
        except (OSError, ValueError) as error:
            why = clean_line(getattr(error, "strerror", None) or str(error), 80)
            raise UnusableCertificates(f"the certificates of {file} cannot be used: {why}") from error
    return made


def files(environ: Mapping[str, str], file: str | None = None) -> tuple[str, ...]:
    """The files and folders that `context` reads, whether or not they are there."""
    usual = ssl.get_default_verify_paths()
    places = [environ.get("SSL_CERT_FILE", "").strip() or usual.openssl_cafile]
    places += (environ.get("SSL_CERT_DIR", "").strip() or usual.openssl_capath).split(os.pathsep)
    places += [environ.get(name, "").strip() for name in ADDING]
    return tuple(one for one in (*places, file) if one)


def troubles(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that cannot be used, each with why."""
    found: dict[str, str] = {}
    for name in (*REPLACING, *ADDING):
        value = environ.get(name, "").strip()
        if value and (why := _unusable(name, value)):
            found[name] = why
    return found


def _unusable(name: str, value: str) -> str:
    """Why a variable cannot be used; empty where it can."""
    if name == "SSL_CERT_DIR":
        every = [Path(one) for one in value.split(os.pathsep) if one]
        return "" if any(one.is_dir() for one in every) else f"{value} is no folder"
    path = Path(value)
    if name in ADDING and path.is_dir():
        return ""
    if not path.is_file():
        return f"{value} is no file"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=value)
    except (OSError, ValueError) as error:
        return f"{value} holds no certificates ({clean_line(getattr(error, 'strerror', None) or str(error), 80)})"
    return ""


def _anybody(made: ssl.SSLContext) -> bool:
    """True if an authority is loaded, or a folder is there that OpenSSL looks into when it needs one."""
    folder = ssl.get_default_verify_paths().capath
    if made.cert_store_stats()["x509_ca"]:
        return True
    if not folder:
        return False
    return any(
        one.suffix == ".0" for path in folder.split(os.pathsep) if Path(path).is_dir() for one in Path(path).iterdir()
    )


def _words(wrong: Mapping[str, str]) -> str:
    return "; ".join(clean_line(f"{name}: {why}", 200) for name, why in wrong.items())


def _fix(wrong: Mapping[str, str]) -> str:
    return f"correct or unset {' and '.join(wrong)}" if wrong else "look at the system's certificates"
