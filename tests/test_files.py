from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from certify.files import atomic_write, demand_writable, place_beside
from tests.examples import ROOT


def test_a_full_disk_names_the_file_and_leaves_what_was_there(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk."""
    path = tmp_path / "kept.bin"
    path.write_bytes(b"before")
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from certify.files import atomic_write\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: atomic_write(Path(sys.argv[1]), bytes(5000))\n"
        "except OSError as error: print(error.filename, '|', error.strerror)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == f"{path} | File too large\n"
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_devices_are_written_to_and_links_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    link.symlink_to(real)
    atomic_write(link, b"1")
    assert link.is_symlink()
    assert real.read_bytes() == b"1"
    before = Path("/dev/null").stat()
    atomic_write(Path("/dev/null"), b"1")
    demand_writable(Path("/dev/null"))
    assert Path("/dev/null").stat().st_rdev == before.st_rdev
    with pytest.raises(OSError, match="/dev/full"):
        atomic_write(Path("/dev/full"), b"1")


@pytest.mark.parametrize("place", ["", "missing/x", "/proc/x"])
def test_a_place_that_cannot_be_written_is_named(place: str, tmp_path: Path) -> None:
    path = tmp_path / place
    with pytest.raises(OSError, match=str(path)):
        demand_writable(path)


def test_a_place_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    demand_writable(tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_beside_what_must_stay(tmp_path: Path) -> None:
    path = tmp_path / "m.impulse.json"
    assert place_beside(path, lambda _: False) == path
    path.write_text("1")
    second = tmp_path / "m.impulse.2.json"
    assert place_beside(path, lambda _: False) == second
    second.write_text("2")
    assert place_beside(path, lambda p: p.read_text() == "2") == second
    assert place_beside(path, lambda p: p.read_text() == "1") == path
    assert place_beside(path, lambda _: False).name == "m.impulse.3.json"
