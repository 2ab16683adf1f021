"""The files for containers: any user, nothing written but the mirror, no right that is not needed, health."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pixmirror.config import load
from pixmirror.errors import ExitCode
from pixmirror.sync.kinds import KINDS

SYSTEMD = Path(__file__).parents[1] / "systemd"
IMAGE = (SYSTEMD / "Containerfile").read_text("utf-8")
QUADLET = (SYSTEMD / "pixmirror.container").read_text("utf-8")
COMPOSE = (SYSTEMD / "compose.yaml").read_text("utf-8")
HEALTH = "pixmirror --config /config/config.toml healthcheck || [ $? -eq 8 ]"


def quadlet(key: str) -> list[str]:
    return re.findall(rf"(?m)^{key}=(.*)$", QUADLET)


def test_the_image_installs_what_is_locked_by_its_hashes() -> None:
    installs = re.findall(r"pip install [^\n]*", IMAGE)
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert "-r systemd/requirements.lock" in installs[0]
    assert "--no-deps" in installs[1]


def test_it_runs_as_a_user_without_name_and_rights() -> None:
    assert re.search(r"(?m)^USER 10001:10001$", IMAGE)  # a number: Kubernetes refuses names
    assert (quadlet("User"), quadlet("Group")) == (["10001"], ["10001"])
    assert (quadlet("ReadOnly"), quadlet("DropCapability"), quadlet("NoNewPrivileges")) == (
        ["true"],
        ["all"],
        ["true"],
    )
    for line in ("read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]'):
        assert re.search(rf"(?m)^    {re.escape(line)}$", COMPOSE)


def test_that_pixiv_rests_us_is_no_reason_to_start_anew() -> None:
    assert f"CMD {HEALTH}" in IMAGE
    assert quadlet("HealthCmd") == [HEALTH]
    assert HEALTH.replace("$", "$$") in COMPOSE
    assert int(ExitCode.PIXIV) == 8


def test_ports_are_open_for_this_machine_alone() -> None:
    assert quadlet("PublishPort") == ["127.0.0.1:9108:9108"]
    ports = re.findall(r'- "([\d.:]+):(\d+)"', COMPOSE)
    assert ports
    assert all(host.startswith("127.0.0.1:") for host, _ in ports)


@pytest.mark.parametrize("text", [QUADLET, COMPOSE], ids=["quadlet", "compose"])
def test_what_they_set_in_the_environment_can_be_used(tmp_path: Path, text: str) -> None:
    env = dict(re.findall(r'(?m)^(?:Environment=.*| +)?\b(PIXMIRROR_HTTP__\w+)[=:] ?"?([^\s"]+)', text))
    env |= dict(re.findall(r"(PIXMIRROR_HTTP__\w+)=(\S+)", text))
    assert set(env) == {"PIXMIRROR_HTTP__LISTEN", "PIXMIRROR_HTTP__OPEN_TO_OTHERS"}
    (tmp_path / "config.toml").write_text("")
    config = load(tmp_path / "config.toml", env | {"PIXMIRROR_MIRROR__ROOT": "/mirror"}, KINDS)
    assert str(config.http.listen) == "0.0.0.0:9108"
    assert str(config.mirror.root) == "/mirror"


def test_what_another_start_cannot_mend_is_not_tried_again() -> None:
    unit = (SYSTEMD / "pixmirror.service").read_text("utf-8")
    said = re.findall(r"(?m)^RestartPreventExitStatus=(.*)$", unit)
    assert quadlet("RestartPreventExitStatus") == said


@pytest.mark.skipif(not Path("/usr/libexec/podman/quadlet").exists(), reason="no Podman 4.4 here")
def test_podman_takes_the_quadlet(tmp_path: Path) -> None:
    for name in ("pixmirror.container", "pixmirror.volume"):
        shutil.copy(SYSTEMD / name, tmp_path)
    env = {"QUADLET_UNIT_DIRS": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = ["/usr/libexec/podman/quadlet", "-dryrun"]
    found = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert "--cap-drop=all" in found.stdout
