"""Base images where no registry is reached: Debian by debootstrap, and what its packages have.

They stand in for the images that compose.yaml and Containerfile name. Grafana is no package of
Debian's: it has no stand-in.
"""

import shutil
import subprocess
from pathlib import Path

PREFIX = "localhost/snapshots-test"
STAND_INS = Path(__file__).with_name("stand_ins")
PACKAGES = "ca-certificates,python3,python3-venv,wget"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def run(*command, **how):
    """Its output; an error with all that it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **how)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def build(tag, context, *options):
    """With the network of this machine, and nothing from a registry."""
    options = ("--network=host", "--pull-never", *options)
    run("podman", "build", *options, "--tag", tag, str(context))


def make(folder):
    """All of them; what they are made from is left in `folder`."""
    _debian(folder / "root")
    for stand_in in STAND_INS.iterdir():
        context = folder / stand_in.name
        shutil.copytree(stand_in, context)
        if stand_in.name == "rust":
            _toolchain(context / "toolchain")
        build(f"{PREFIX}/{stand_in.name}", context)


def _debian(root):
    archive = "http://deb.debian.org/debian"
    run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", root, archive)
    # Those of this machine, should it trust others than Debian does.
    shutil.copy(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
    archived = root.with_suffix(".tar")
    run("tar", "-C", root, "-cf", archived, ".")
    certificates = f"ENV PIP_CERT={CERTIFICATES}"
    run("podman", "import", "--change", certificates, archived, f"{PREFIX}/debian")
    archived.unlink()


def _toolchain(folder):
    root = Path(run("rustc", "--print=sysroot").strip())
    for part in ("bin", "lib"):
        shutil.copytree(root / part, folder / part, symlinks=True)
