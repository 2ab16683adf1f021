"""The unit really run by systemd: a small Debian in a virtual machine, with the demo's Pixiv and no network."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE, REPOSITORY = Path(__file__).parent, Path(__file__).parents[2]
SYSTEMD = REPOSITORY / "systemd"
# A folder to keep the bare Debian in, for who runs this often: to fetch it takes minutes.
KEPT = os.environ.get("PIXMIRROR_DEBIAN")
ACCELERATOR = os.environ.get("PIXMIRROR_QEMU", "tcg")  # kvm is ten times as fast, where it works
PACKAGES = "systemd,systemd-sysv,python3,python3-venv,linux-image-cloud-amd64,curl"
NEEDED = ("qemu-system-x86_64", "debootstrap", "mke2fs", "chroot")

missing = [name for name in NEEDED if shutil.which(name) is None]
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(missing), reason=f"no {', '.join(missing)} here"),
    pytest.mark.skipif(os.getuid() != 0, reason="only root may make a Debian"),
]

CONFIG = """
[mirror]
root = "/var/lib/pixmirror"
media = "/mnt/nas/pixmirror"
keep_free = "1 MiB"
[pixiv]
requests_per_minute = 0
[pixiv.hosts]
{hosts}
[http]
listen = "127.0.0.1:9108"
[[jobs]]
name = "following"
kind = "following"
every = "1m"
comments = false
profiles = false
"""
STANDIN = """
import time
from pixmirror.demo.generate import add_artist, empty_world
from pixmirror.demo.server import create_app
import uvicorn
world = empty_world()
add_artist(world, works=6)
uvicorn.run(create_app(world), port=8700, log_level="critical")
"""
UNIT_OF = """
[Service]
ExecStart={command}
{more}
"""
MOUNT = """
[Mount]
What=/nas.img
Where=/mnt/nas
Type=ext4
Options=loop
"""


def run(*command: object, **options: object) -> None:
    subprocess.run([str(part) for part in command], check=True, **options)  # type: ignore[call-overload]


def debian(folder: Path) -> Path:
    """Return the folder of a bare Debian, made anew or copied."""
    made = Path(KEPT) if KEPT else folder / "debian"
    if not (made / "boot").is_dir():
        run(
            "debootstrap",
            "--variant=minbase",
            f"--include={PACKAGES}",
            "bookworm",
            made,
            stdout=subprocess.DEVNULL,
        )
    root = folder / "root"
    run("cp", "-a", made, root)
    return root


def installed(root: Path, folder: Path) -> None:
    """Install pixmirror of this tree with its locked dependencies, as `init --system` says."""
    wheels = root / "wheels"
    pip = (sys.executable, "-m", "pip", "--quiet")
    run(*pip, "wheel", "--no-deps", "-w", wheels, REPOSITORY)
    run(*pip, "download", "--require-hashes", "--only-binary=:all:", "--python-version=3.11", "-d", wheels,
        "-r", SYSTEMD / "requirements.lock")  # fmt: skip
    inside = ("chroot", root, "/opt/pixmirror/bin/pip", "--quiet", "install", "--no-index", "--find-links=/wheels")
    run("chroot", root, "python3", "-m", "venv", "/opt/pixmirror")
    run(*inside, "pixmirror")
    shutil.rmtree(wheels)


def set_up(root: Path) -> None:
    """Put in place what the machine runs at its start."""
    from pixmirror.demo.server import HOSTS

    units = root / "units"
    units.mkdir()
    for unit in SYSTEMD.glob("*.service"):
        shutil.copy(unit, units)
    shutil.copy(SYSTEMD / "pixmirror.service.d" / "nas.conf.example", units / "nas.conf")
    (root / "etc/pixmirror").mkdir(parents=True)
    hosts = "\n".join(f'"{host}" = "http://127.0.0.1:8700"' for host in HOSTS)
    (root / "etc/pixmirror/config.toml").write_text(CONFIG.format(hosts=hosts))
    (root / "etc/credstore").mkdir(mode=0o700)
    (root / "etc/credstore/pixmirror.refresh-token").write_text("demo-refresh-token")
    (root / "standin.py").write_text(STANDIN)
    shutil.copy(HERE / "in_machine.sh", root)
    system = root / "etc/systemd/system"
    (system / "mnt-nas.mount").write_text(MOUNT)
    standin = UNIT_OF.format(command="/opt/pixmirror/bin/python /standin.py", more="")
    (system / "standin.service").write_text(standin)
    more = "StandardOutput=tty\nStandardError=tty\nTTYPath=/dev/ttyS0\nExecStopPost=systemctl poweroff --force"
    (system / "check.service").write_text(UNIT_OF.format(command="/bin/bash /in_machine.sh", more=more))
    (system / "serial-getty@ttyS0.service").symlink_to("/dev/null")  # it would hang up on what is told there
    wants = system / "multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "check.service").symlink_to("../check.service")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what the machine prints until it switches itself off."""
    folder = tmp_path_factory.mktemp("machine")
    root = debian(folder)
    installed(root, folder)
    set_up(root)
    kernel, first = next((root / "boot").glob("vmlinuz-*")), next((root / "boot").glob("initrd.img-*"))
    disk = folder / "disk.img"
    run("mke2fs", "-q", "-t", "ext4", "-d", root, disk, "2G")
    command: list[str | Path] = [
        "qemu-system-x86_64", "-accel", ACCELERATOR, "-cpu", "max", "-smp", "2", "-m", "1024", "-nographic",
        "-no-reboot", "-nic", "none",
        "-kernel", kernel, "-initrd", first, "-drive", f"file={disk},format=raw,if=virtio",
        "-append", "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=no",
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=1500, check=False)
    shutil.rmtree(folder)
    return ran.stdout


def test_under_systemd_it_starts_tells_reloads_fails_and_comes_back_with_the_nas(told: str) -> None:
    assert "THE-END" in told, told[-6000:]
    assert "FAILS" not in told, told[-9000:]
    asked = re.findall(r'^\s*holds "(.+?)"', (HERE / "in_machine.sh").read_text(), re.MULTILINE)
    assert re.findall(r"HOLDS: (.+?)\r?$", told, re.MULTILINE) == asked
