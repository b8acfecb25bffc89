"""The public npm packages that judge the gateway, installed once per lock file into the cache."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "tests" / "interop"
CACHE = ROOT / ".cache" / "npm"
FILES = ("package.json", "package-lock.json", ".npmrc")


def node_modules() -> Path:
    """The folder of the installed packages."""
    stamp = CACHE / "installed.json"
    lock = RECIPE / "package-lock.json"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        CACHE.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copy(RECIPE / name, CACHE / name)
        subprocess.run(["npm", "ci", "--omit=dev"], cwd=CACHE, check=True, timeout=300)
        shutil.copy(lock, stamp)
    return CACHE / "node_modules"
