"""Programs that tests start and that are Debian's: Chromium, PostgreSQL, Alertmanager. Installed when they are missing."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

PLACES = ("/usr/bin", "/usr/sbin", "/usr/lib/postgresql/*/bin")


@cache
def program(name: str, package: str) -> Path:
    """The path of the program; its package is installed first where it is not there and we may."""
    found = _find(name)
    if found is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise FileNotFoundError(f"the tests need {name}: install it (Debian's package {package})")
        quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for words in (["update"], ["install", "--yes", "--no-install-recommends", package]):
            subprocess.run(
                ["apt-get", "-qq", *words], check=True, timeout=600, env=quietly, stdout=subprocess.DEVNULL
            )
        found = _find(name)
    if found is None:
        raise FileNotFoundError(f"Debian's package {package} has no program {name}")
    return found


def _find(name: str) -> Path | None:
    for place in PLACES:
        for path in sorted(Path("/").glob(f"{place[1:]}/{name}"), reverse=True):
            if os.access(path, os.X_OK):
                return path
    found = shutil.which(name)
    return Path(found) if found else None
