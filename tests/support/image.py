"""The container image, built from the Dockerfile by buildah and run without a container engine.

No registry is asked. A minimal Debian with its Python stands in for `python:3.11-slim`: mmdebstrap makes it from the
package sources of this machine. A program of the image runs in a mount namespace of its own, with the user,
environment and entry point of the image's configuration, a read-only root, no capabilities, and one writable volume.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.debian import program
from tests.support.parent import die_with_parent

ROOT = Path(__file__).parent.parent.parent
BASE_IMAGE = "docker.io/library/python:3.11-slim"
BASE_ARCHIVE = ROOT / ".cache" / "image-base.tar"
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
RELEASE = "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates"
CUSTOMIZE = (
    'ln -sf python3 "$1/usr/bin/python"',
    f'cp {SOURCES} "$1{SOURCES}"; rm -f "$1/etc/apt/sources.list"',
)
BASE_DOCKERFILE = """\
FROM scratch
ADD base.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["python3"]
"""
HOST_SETTINGS = ("/etc/ssl/certs", "/etc/pip.conf")
"""How this machine reaches its package index; mounted read-only during the build where they exist."""

NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child")

CONTAINER = """\
set -eu
root=$1 volume=$2 user=$3; shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$volume" "$root/var/lib/ocpp-gateway"
unset LD_PRELOAD
exec chroot "$root" /usr/bin/setpriv --reuid "$user" --regid "$user" --clear-groups \\
    --no-new-privs --inh-caps=-all --bounding-set=-all \\
    /bin/sh -c 'cd "$1"; shift; export LD_PRELOAD="$IMAGE_PRELOAD"; unset IMAGE_PRELOAD; exec "$@"' sh /var/lib/ocpp-gateway "$@"
"""
"""The last shell sets LD_PRELOAD, because the programs of the machine do not have the image's library."""


class Container(NamedTuple):
    """A program of the image that runs. `process` is the outer one; the program is its child, process 1 of its namespace."""

    process: subprocess.Popen[str]

    def wait_for_line(self, text: str) -> str:
        """The first line of the output that holds the text. Fails where the program ends before it."""
        assert self.process.stdout
        output = []
        for line in self.process.stdout:
            if text in line:
                return line
            output.append(line)
        raise AssertionError(f"the program ended without {text!r}:\n{''.join(output)}")

    def signal(self, number: int) -> None:
        """Send a signal to the program itself."""
        os.kill(self._program, number)

    def can_write(self, path: str) -> bool:
        """Whether a file can be made there inside the mount namespace, even by root."""
        inside = ["nsenter", "--mount", "--root", "--target", str(self._program), "touch", f"{path}/probe"]
        return subprocess.run(inside, capture_output=True, timeout=30, check=False).returncode == 0

    @property
    def _program(self) -> int:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(children.read_text().split()[0])


class Image(NamedTuple):
    """A built image: its file system, and its configuration (OCI image specification, `config`)."""

    root: Path
    config: dict[str, object]

    @contextmanager
    def start(self, *arguments: str, volume: Path, **variables: str) -> Iterator[Container]:
        """Start the image's entry point with these arguments, as Kubernetes does with `readOnlyRootFilesystem`."""
        environment = dict(one.split("=", 1) for one in _texts(self.config["Env"]))
        environment["IMAGE_PRELOAD"] = environment.pop("LD_PRELOAD")
        user = str(self.config["User"])
        volume.mkdir(exist_ok=True)
        os.chown(volume, int(user), int(user))
        words = [*_texts(self.config["Entrypoint"]), *(arguments or _texts(self.config["Cmd"]))]
        process = subprocess.Popen(
            [*NAMESPACES, "sh", "-c", CONTAINER, "sh", self.root, volume, user, *words],
            env=environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509, it only makes a system call
        )
        try:
            yield Container(process)
        finally:
            process.kill()
            process.communicate()


@contextmanager
def build_image(folder: Path) -> Iterator[Image]:
    """Build the image of this checkout; its storage is in `folder` and is removed in the end.

    Raises CalledProcessError, with what the build printed, where the Dockerfile does not build.
    """
    buildah = Buildah(folder)
    context = folder / "base"
    context.mkdir()
    (context / "Dockerfile").write_text(BASE_DOCKERFILE)
    shutil.copy(_base_archive(), context / "base.tar")
    buildah.run("bud", "--isolation", "chroot", "--tag", BASE_IMAGE, str(context))
    volumes = [f"--volume={path}:{path}:ro" for path in HOST_SETTINGS if Path(path).exists()]
    buildah.run(
        *("bud", "--isolation", "chroot", "--pull-never", "--network", "host", "--tag", "ocpp-gateway"),
        *(*volumes, str(ROOT)),
    )
    container = buildah.run("from", "--pull-never", "localhost/ocpp-gateway").strip()
    try:
        config = json.loads(buildah.run("inspect", "--type", "image", "localhost/ocpp-gateway"))
        yield Image(Path(buildah.run("mount", container).strip()), config["OCIv1"]["config"])
    finally:
        buildah.run("rm", container)
        buildah.run("rmi", "--all", "--force")


class Buildah(NamedTuple):
    """Buildah with a storage of its own."""

    folder: Path

    def run(self, *words: str) -> str:
        storage = ("--root", str(self.folder / "storage"), "--runroot", str(self.folder / "run"))
        command = [str(program("buildah", "buildah")), *storage, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            raise AssertionError(f"buildah {words[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done.stdout


def _base_archive() -> Path:
    """The stand-in for the base image. It is made once: it changes as little as the base image does."""
    if not BASE_ARCHIVE.exists():
        BASE_ARCHIVE.parent.mkdir(exist_ok=True)
        made = BASE_ARCHIVE.with_suffix(f".{os.getpid()}")
        mmdebstrap = str(program("mmdebstrap", "mmdebstrap"))
        hooks = [f"--customize-hook={hook}" for hook in CUSTOMIZE]
        options = ["--quiet", "--format=tar", "--variant=minbase", f"--include={PACKAGES}", *hooks]
        subprocess.run([mmdebstrap, *options, RELEASE, str(made), str(SOURCES)], check=True, timeout=600)
        made.rename(BASE_ARCHIVE)
    return BASE_ARCHIVE


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(one) for one in value]
