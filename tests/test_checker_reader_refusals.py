"""The two readers on bad files: both refuse."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from certify.checker.errors import Unreadable
from certify.checker.reader import read_weights
from certify.errors import ModelFileError
from certify.reading.weights import read_network
from tests import modelfiles as mf
from tests.test_checker_reader import agree, expected, refused

pytestmark = pytest.mark.usefixtures("any_size")


def test_hostile_files(tmp_path: Path) -> None:
    """Each ends in an error (at once), in little memory, and nothing that it contains has run."""
    marker = tmp_path / "marker"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, content in mf.hostile(marker).items():
        path = tmp_path / name.replace(" ", "_")
        path.write_bytes(content)
        refused(path)
        assert not marker.exists(), name
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kB


@pytest.mark.parametrize("kind", mf.MAKERS)
def test_cut_off_anywhere(kind: str, tmp_path: Path) -> None:
    content = mf.MAKERS[kind](mf.weights(d=8, n=8))
    path = tmp_path / "cut"
    for length in {*range(0, len(content), 64), *range(len(content) - 30, len(content))}:
        path.write_bytes(content[:length])
        refused(path)


@pytest.mark.parametrize("kind", mf.MAKERS)
def test_flipped_bytes_never_crash(kind: str, tmp_path: Path) -> None:
    """A damaged file is refused, or read; where both read it they agree."""
    content = mf.MAKERS[kind](mf.weights())
    rng = np.random.default_rng(0)
    path = tmp_path / "flipped"
    for _ in range(150):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), rng.integers(1, 4)):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        results: list[str] = []
        with contextlib.suppress(ModelFileError):
            results.append(read_network(path).sha256)
        with contextlib.suppress(Unreadable):
            results.append(read_weights(path).sha256)
        assert len(set(results)) <= 1


def test_folders_and_missing_files(tmp_path: Path) -> None:
    refused(tmp_path)
    refused(tmp_path / "nothing")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    refused(pipe)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", mf.DTYPES)
def test_numbers_that_are_not_finite(value: float, dtype: str, tmp_path: Path) -> None:
    arrays = mf.weights()
    arrays[mf.HH][2, 1] = value
    path = tmp_path / "model.pt"
    path.write_bytes(mf.torch_file(arrays, dtype))
    assert f"{mf.HH}[2, 1]" in refused(path)[0]


@pytest.mark.parametrize("kind", mf.MAKERS)
@pytest.mark.parametrize(
    "change",
    [
        {mf.IH: np.ones((3, 2))},
        {mf.IH: np.ones(3)},
        {mf.IH: np.ones((0, 1)), mf.HH: np.ones((0, 0)), mf.OUT: np.ones((4, 0))},
        {mf.HH: np.ones((3, 4))},
        {mf.HH: np.ones((9, 3)), mf.IH: np.ones((9, 1))},
        {mf.OUT: np.ones((1, 3))},
        {mf.OUT: np.ones((4, 2))},
        {mf.OUT: np.ones((257, 3))},
        {mf.OUT: np.ones((4, 3, 1))},
        {"linear.bias": np.ones(4)},
        {"extra": np.ones(4)},
    ],
)
def test_wrong_shapes_and_names(kind: str, change: mf.Arrays, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(mf.MAKERS[kind]({**mf.weights(), **change}))
    refused(path)


def test_nonlinearity_markers(tmp_path: Path) -> None:
    path = tmp_path / "model"
    arrays = mf.weights()
    tensors = {n: mf.tensor(str(i), "float32", a.shape) for i, (n, a) in enumerate(arrays.items())}
    storages = {f"s{i}": mf.encode(a, "float32") for i, a in enumerate(arrays.values())}
    for marker in ("relu", "ReLU", "tanh", "prelu"):
        for content in (
            mf.safetensors_file(arrays, metadata={"nonlinearity": marker}),
            mf.npz_file({**arrays, "nonlinearity": np.array(marker)}, None),
            mf.torch_pickle(
                mf.state_dict({**tensors, "nonlinearity": mf.text(marker)}), **storages
            ),
        ):
            path.write_bytes(content)
            if marker.lower() == "relu":
                assert agree(path) == expected(arrays)
            else:
                assert f"nonlinearity is '{marker}'" in refused(path)[0]


def test_the_reader_runs_bare(tmp_path: Path) -> None:
    """With no third-party package importable."""
    path = tmp_path / "model.pt"
    path.write_bytes(mf.torch_file(mf.weights()))
    program = (
        "import sys; from certify.checker.reader import read_weights; "
        "print(read_weights(sys.argv[1]).sha256); "
        "assert not any(m.startswith(('numpy', 'torch', 'flint')) for m in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-S", "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    assert run.stdout.strip() == read_network(path).sha256


def one_tensor_changed(change: Callable[[bytes], bytes]) -> bytes:
    """A torch file that both readers accept but for what ``change`` does to its last tensor."""
    arrays = mf.weights()
    entries = {n: mf.tensor(str(i), "float32", a.shape) for i, (n, a) in enumerate(arrays.items())}
    entries[mf.OUT] = change(entries[mf.OUT])
    storages = {f"s{i}": mf.encode(a, "float32") for i, a in enumerate(arrays.values())}
    return mf.torch_pickle(mf.state_dict(entries), **storages)


STORAGE = b"(" + mf.text("storage") + b"ctorch\n%bStorage\n" + mf.text("2") + mf.text("cpu")


@pytest.mark.parametrize(
    "change",
    [
        # torch.save writes {"neg": True} for torch._neg_view(w), and torch.load negates.
        pytest.param(lambda t: t[:-2] + b"}" + mf.text("neg") + b"\x88stR", id="negated view"),
        # On a tensor, torch's BUILD is set_: another storage takes the place of the first.
        pytest.param(lambda t: t + b")b", id="state set on a tensor"),
        # torch reads a storage in the way in which it is described first.
        pytest.param(
            lambda t: STORAGE % b"Half" + mf.number(24) + b"tQ" + b"0" + t, id="storage twice"
        ),
    ],
)
def test_what_torch_reads_as_other_weights_is_refused(
    change: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(one_tensor_changed(lambda t: t))
    agree(path)
    path.write_bytes(one_tensor_changed(change))
    refused(path)


def test_a_shape_of_bools_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    arrays = {mf.IH: np.ones((1, 1)), mf.HH: np.ones((1, 1)), mf.OUT: np.ones((2, 1))}
    content = mf.safetensors_file(arrays)
    path.write_bytes(content)
    agree(path)
    assert b"[1, 1]" in content
    header = content[8:].split(b"}}")[0] + b"}}"
    data = content[8 + len(header) :]
    path.write_bytes(mf.safetensors_raw(header.replace(b"[1, 1]", b"[true, true]"), data))
    refused(path)
