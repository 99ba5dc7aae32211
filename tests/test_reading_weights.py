"""What a user is told about a file that is not a model (what is read: test_checker_reader)."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from certify.errors import ExitCode, ModelFileError
from certify.reading.weights import read_network
from tests import modelfiles as mf

GOOD = mf.weights()


def message(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        read_network(str(path))
    assert caught.value.exit_code == ExitCode.BAD_INPUT
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("extra", "phrase"),
    [
        ({"rnn.weight_ih_l1": (3, 3)}, "'rnn.weight_ih_l1' is a second layer"),
        ({"rnn.weight_hh_l0_reverse": (3, 3)}, "is a second direction"),
        ({"rnn.weight_hr_l0": (2, 3)}, "the projection of an LSTM"),
        ({"h.0.attn.c_attn.weight": (9, 3)}, "part of a transformer"),
        ({"encoder.layers.0.self_attn.in_proj_weight": (9, 3)}, "part of a transformer"),
        ({"blocks.0.mlp.W_in": (3, 12)}, "part of a transformer"),
        ({"embedding": (5, 3)}, "has an entry 'embedding' too many"),
        ({"n" * 5000: (1, 1)}, "too many"),
    ],
)
def test_names(extra: dict[str, tuple[int, ...]], phrase: str, tmp_path: Path) -> None:
    arrays = {**GOOD, **{name: np.zeros(shape) for name, shape in extra.items()}}
    for maker in mf.MAKERS.values():
        told = message(tmp_path / "model", maker(arrays))
        assert phrase in told
        assert "rnn.weight_hh_l0 (d, d)" in told
        assert len(told) < 1000


def test_missing_names(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    told = message(path, mf.torch_file({mf.IH: GOOD[mf.IH], mf.HH: GOOD[mf.HH]}))
    assert "rename the one that gives the logits to linear.weight" in told
    told = message(path, mf.torch_file({mf.OUT: GOOD[mf.OUT], mf.HH: GOOD[mf.HH]}))
    assert "has no 'rnn.weight_ih_l0'" in told
    assert "found 'linear.weight', 'rnn.weight_hh_l0'" in told
    assert "found nothing" in message(path, mf.torch_file({}))
    told = message(path, mf.torch_file({"U": GOOD[mf.IH], "W": GOOD[mf.HH], "V": GOOD[mf.OUT]}))
    assert (
        "rename 'U' to rnn.weight_ih_l0, 'W' to rnn.weight_hh_l0 and 'V' to linear.weight" in told
    )
    told = message(path, mf.torch_file({**GOOD, "a.weight_hh_l0": GOOD[mf.HH]}))
    assert "two recurrent matrices, 'a.weight_hh_l0' and 'rnn.weight_hh_l0'" in told


def test_biases_that_are_not_zero(tmp_path: Path) -> None:
    for name, width in (("rnn.bias_ih_l0", 3), ("rnn.bias_hh_l0", 3), ("linear.bias", 4)):
        told = message(tmp_path / "model.pt", mf.torch_file({**GOOD, name: np.eye(width)[0]}))
        assert f"{name!r} is a bias and not zero" in told


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({mf.IH: (3, 2)}, "rnn.weight_ih_l0 has shape (3, 2), expected (d, 1)"),
        ({mf.IH: (3,)}, "rnn.weight_ih_l0 has shape (3,), expected (d, 1)"),
        ({mf.HH: (3, 4)}, "rnn.weight_hh_l0 has shape (3, 4), expected (3, 3)"),
        ({mf.IH: (9, 1), mf.HH: (9, 3)}, "a GRU"),
        ({mf.IH: (12, 1), mf.HH: (12, 3)}, "an LSTM"),
        ({mf.OUT: (1, 3)}, "linear.weight has shape (1, 3), expected (n, 3) with 2 <= n <= 256"),
        ({mf.OUT: (5, 2)}, "linear.weight has shape (5, 2), expected (n, 3)"),
        ({mf.OUT: (300, 3)}, "linear.weight has shape (300, 3)"),
        ({mf.IH: (300, 1), mf.HH: (300, 300)}, "rnn.weight_ih_l0 has shape (300, 1)"),
    ],
)
def test_shapes(change: dict[str, tuple[int, ...]], phrase: str, tmp_path: Path) -> None:
    arrays = {**GOOD, **{name: np.zeros(shape) for name, shape in change.items()}}
    for maker in mf.MAKERS.values():
        assert phrase in message(tmp_path / "model", maker(arrays))


def test_dtypes(tmp_path: Path) -> None:
    path = tmp_path / "model"
    phrase = "expected float16, bfloat16, float32 or float64"
    entries = {n: mf.tensor(str(i), "float32", a.shape) for i, (n, a) in enumerate(GOOD.items())}
    entries[mf.HH] = mf.tensor("1", "int64", (3, 3))
    storages = {f"s{i}": bytes(4 * a.size) for i, a in enumerate(GOOD.values())}
    told = message(path, mf.torch_pickle(mf.state_dict(entries), **storages))
    assert f"{mf.HH} has dtype long, {phrase}" in told
    told = message(path, mf.npz_file({**GOOD, mf.HH: GOOD[mf.HH] + 1j}, None))
    assert f"{mf.HH} has dtype complex128, {phrase}" in told
    told = message(path, mf.npz_file({**GOOD, mf.HH: np.ones((3, 3), dtype=object)}, None))
    assert mf.HH in told
    header = mf.safetensors_file(GOOD).replace(b'"F32"', b'"I32"', 1)
    assert f"{mf.IH} has dtype I32, {phrase}" in message(path, header)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(value: float, tmp_path: Path) -> None:
    arrays = {**GOOD, mf.OUT: GOOD[mf.OUT].copy()}
    arrays[mf.OUT][3, 1] = value
    for maker in mf.MAKERS.values():
        told = message(tmp_path / "model", maker(arrays))
        assert f"linear.weight[3, 1] is {value}, expected finite numbers" in told


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    assert message(path, b"") == "is empty"
    assert "has more than 64 MiB" in message(path, b"\0" * (65 << 20))
    assert "is not a .pt, .pth, .safetensors or .npz file" in message(path, b"hello, world")
    assert "is a bare pickle" in message(path, b"\x80\x04N.")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("storages"))
    assert "torch's old format" in message(path, archive.getvalue())
    with pytest.raises(ModelFileError, match="no such file"):
        read_network(tmp_path / "nothing")
    with pytest.raises(ModelFileError, match="is a folder"):
        read_network(tmp_path)
    assert "neither torch" in message(path, mf.pack({"model.json": b"{}"}))
    assert "twice" in message(path, mf.hostile(tmp_path / "marker")["member twice"])


def test_objects_that_are_no_state_dict(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    told = message(path, mf.torch_pickle(b"\x80\x02c__main__\nModel\n)\x81."))
    assert "a pickled '__main__.Model' (nothing was run), expected a state dict" in told
    told = message(path, mf.torch_pickle(b"\x80\x02" + mf.tensor("0", "float32", (2, 2)) + b"."))
    assert "holds a single tensor" in told
    told = message(path, mf.torch_pickle(mf.state_dict({"model": b"}", "epoch": b"K\x03"})))
    assert "'model' is a dict without them as well" in told
    told = message(path, mf.torch_pickle(mf.state_dict(dict.fromkeys(mf.NAMES, b"K\x03"))))
    assert "rnn.weight_ih_l0 is no tensor" in told
    told = message(path, mf.torch_pickle(b"\x80\x02]."))
    assert "holds no dict of tensors" in told


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_files_that_torch_writes_otherwise_needs_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    path = tmp_path / "model.pt"

    def told(value: object, **options: object) -> str:
        torch.save(value, path, **options)
        return message(path, path.read_bytes())

    state = {name: torch.tensor(a) for name, a in GOOD.items()}
    assert "old format" in told(state, _use_new_zipfile_serialization=False)
    assert "pickled 'torch.nn.modules.rnn.RNN'" in told(torch.nn.RNN(1, 3))
    assert "has dtype long" in told({**state, mf.HH: torch.zeros((3, 3), dtype=torch.int64)})
    assert "has dtype complexfloat" in told({**state, mf.HH: torch.zeros((3, 3)) + 0j})
    layer = torch.nn.TransformerEncoderLayer(4, 2)
    assert "part of a transformer" in told(layer.state_dict())

    class Model(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, **options: object) -> None:
            super().__init__()
            self.rnn = torch.nn.RNN(1, 3, **options)
            self.linear = torch.nn.Linear(3, 4, bias=False)

    assert "is a bias and not zero" in told(Model().state_dict())
    assert "a second layer" in told(Model(bias=False, num_layers=2).state_dict())
    assert "a second direction" in told(Model(bias=False, bidirectional=True).state_dict())
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(2)), path)
    assert "TorchScript" in message(path, path.read_bytes())
