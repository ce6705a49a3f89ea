"""The workflow of GitHub is valid, and does what .ci/run does: tests, and coverage on Linux."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.kustomize import load

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
(WHOLE,) = load(WORKFLOW)
JOBS = WHOLE["jobs"]


def validate(path: Path) -> subprocess.CompletedProcess[str]:
    """By the JSON schema of workflows; each job must say how long it may take."""
    program = Path(sys.executable).with_name("check-jsonschema")
    schemas = ("vendor.github-workflows", "custom.github-workflows-require-timeout")
    for schema in schemas:
        done = subprocess.run(
            [program, "--builtin-schema", schema, path],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            break
    return done


def test_it_is_valid() -> None:
    done = validate(WORKFLOW)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("right", "wrong"), [("runs-on:", "run-on:"), ("    timeout-minutes: 90\n", "")]
)
def test_a_mistake_is_seen(tmp_path: Path, right: str, wrong: str) -> None:
    path = tmp_path / "ci.yml"
    path.write_text(WORKFLOW.read_text().replace(right, wrong, 1))
    assert validate(path).returncode == 1


def test_it_runs_on_each_system() -> None:
    systems = {name: job["runs-on"].partition("-")[0] for name, job in JOBS.items()}
    assert systems == {"linux": "ubuntu", "macos": "macos", "windows": "windows"}


LAST = {
    "linux": [".ci/run test", ".ci/run coverage"],
    "macos": [".ci/run test"],
    "windows": ["cargo check --locked --all-targets --manifest-path native/Cargo.toml"],
}


@pytest.mark.parametrize("name", JOBS)
def test_each_job_ends_with_what_ci_runs(name: str) -> None:
    steps = JOBS[name]["steps"]
    assert steps[0]["uses"].startswith("actions/checkout@")
    last = [{"run": step} for step in LAST[name]]
    assert steps[-len(last) :] == last
    assert not any("if" in step or "continue-on-error" in step for step in steps)


def test_what_ci_runs_is_what_everybody_runs() -> None:
    script = ROOT / ".ci" / "run"
    *_, steps, last = script.read_text().splitlines()
    assert last == 'exec make "$@"'
    assert steps == "[ $# -gt 0 ] || set -- test"
    assert script.stat().st_mode & 0o111


def test_all_build_with_the_same_rust() -> None:
    (image,) = re.findall(r"rust:([\d.]+)-", (ROOT / "Containerfile").read_text())
    named = re.findall(r"(?:rust:|toolchain install |default )([\d.]+)", WORKFLOW.read_text())
    assert set(named) == {image}
    assert len(named) == 5


AUDIT = WORKFLOW.with_name("audit.yml")


def test_the_audit_is_valid() -> None:
    done = validate(AUDIT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_audit_covers_every_lock_with_tools_of_one_version() -> None:
    (audit,) = load(AUDIT)
    jobs = audit["jobs"]
    locks = {path.stem for path in (ROOT / "requirements").glob("*.lock")}
    assert set(jobs["python"]["strategy"]["matrix"]["lock"]) == locks
    crates = {str(path.relative_to(ROOT)) for path in (ROOT / "native").glob("**/Cargo.lock")}
    assert set(jobs["rust"]["strategy"]["matrix"]["lock"]) == crates
    for tool in audit["env"].values():
        assert re.search(r"(==|@)\d+\.\d+\.\d+$", tool), tool
    for job in jobs.values():
        for step in job["steps"]:
            for installed in re.findall(r"(?:pip|cargo) install (.*)", step.get("run", "")):
                assert re.search(r'"\$[A-Z_]+"', installed), installed
            assert "continue-on-error" not in step


RELEASE = WORKFLOW.with_name("release.yml")
(RELEASES,) = load(RELEASE)


def test_the_release_is_valid_and_built_with_the_same_rust() -> None:
    done = validate(RELEASE)
    assert done.returncode == 0, done.stdout + done.stderr
    (image,) = re.findall(r"rust:([\d.]+)-", (ROOT / "Containerfile").read_text())
    assert set(re.findall(r"rust-toolchain: (\S+)", RELEASE.read_text())) == {image}


def test_every_wheel_is_used_before_it_is_published() -> None:
    jobs = RELEASES["jobs"]
    assert set(jobs["publish"]["needs"]) == {"wheel", "source", "image"}
    used = [step["if"] for step in jobs["wheel"]["steps"] if "smoke.sh" in step.get("run", "")]
    assert used == [f"${{{{ {no}startsWith(matrix.name, 'musl') }}}}" for no in ("!", "")]


def test_only_a_tag_publishes() -> None:
    tagged = "${{ startsWith(github.ref, 'refs/tags/v') }}"
    assert RELEASES["jobs"]["publish"]["if"] == tagged
    for job in RELEASES["jobs"].values():
        for step in job["steps"]:
            text = f"{step.get('run', '')} {step.get('uses', '')}"
            if re.search(r"docker push|attest", text):
                assert tagged in (step.get("if"), job.get("if")), text


def test_the_image_takes_the_wheel_in_place_of_the_stage_that_builds() -> None:
    stages = re.findall(r"^FROM \S+ AS (\w+)$", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    (named,) = re.findall(r"--build-context (\w+)=", RELEASE.read_text())
    assert named in stages
