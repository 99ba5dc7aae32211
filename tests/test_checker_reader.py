"""The two readers on good files: they agree."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import save_file

from certify.checker.errors import Unreadable
from certify.checker.reader import read_weights
from certify.errors import ModelFileError
from certify.model import Network
from certify.reading.weights import read_network
from tests import modelfiles as mf
from tests.examples import Golden

pytestmark = pytest.mark.usefixtures("any_size")


def agree(path: Path) -> Network:
    """Read with both, demand the same integers and the same hash."""
    network, weights = read_network(path), read_weights(path)
    assert network.shift == weights.shift
    assert (network.w_ih, network.w_hh, network.w_out) == (
        weights.w_ih,
        weights.w_hh,
        weights.w_out,
    )
    assert network.sha256 == weights.sha256
    assert network.notes == weights.assumed
    return network


def refused(path: Path) -> tuple[str, str]:
    """Both readers' messages; each names the file."""
    with pytest.raises(ModelFileError) as prover:
        read_network(path)
    with pytest.raises(Unreadable) as checker:
        read_weights(path)
    assert str(prover.value).startswith(f"{path}: ")
    assert str(checker.value).startswith(f"{path}: ")
    assert len(str(prover.value)) < 1000
    assert len(str(checker.value)) < 1000
    return str(prover.value), str(checker.value)


def expected(arrays: mf.Arrays) -> Network:
    return Network.from_arrays(arrays[mf.IH], arrays[mf.HH], arrays[mf.OUT])


@pytest.mark.parametrize(
    ("kind", "dtype"),
    # numpy has no bfloat16.
    [(k, t) for k in mf.MAKERS for t in mf.DTYPES if (k, t) != ("npz", "bfloat16")],
)
def test_every_format_and_dtype(kind: str, dtype: str, tmp_path: Path) -> None:
    arrays = mf.weights()
    arrays[mf.HH][1, 2] = -0.0
    path = tmp_path / f"model.{kind}"
    path.write_bytes(mf.MAKERS[kind](arrays, dtype))
    network = agree(path)
    assert network == expected(arrays)
    assert network.sha256 == expected(arrays).sha256


@pytest.mark.parametrize("dtype", mf.DTYPES)
@pytest.mark.parametrize("order", [None, "little", "big"])
def test_byte_orders_and_folders(dtype: str, order: str | None, tmp_path: Path) -> None:
    arrays = mf.weights(seed=1)
    path = tmp_path / "model.pth"
    path.write_bytes(mf.torch_file(arrays, dtype, order, folder="one layer, 94% accuracy"))
    assert agree(path) == expected(arrays)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("fortran", [False, True])
def test_npy_orders(order: str, fortran: bool, tmp_path: Path) -> None:
    arrays = mf.weights()
    layout = np.asfortranarray if fortran else np.ascontiguousarray
    path = tmp_path / "model.npz"
    data = {k: layout(v.astype(f"{order}f4")) for k, v in arrays.items()}
    path.write_bytes(mf.npz_file(data, None))
    assert agree(path) == expected(arrays)


def test_compressed_npz(tmp_path: Path) -> None:
    arrays = mf.weights()
    path = tmp_path / "model.npz"
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    assert agree(path) == expected(arrays)


def test_the_name_of_the_file_does_not_matter(tmp_path: Path) -> None:
    arrays = mf.weights()
    hashes = set()
    for kind, maker in mf.MAKERS.items():
        path = tmp_path / f"from_{kind}"
        path.write_bytes(maker(arrays))
        hashes.add(agree(path).sha256)
    assert len(hashes) == 1


def test_views_share_a_storage(tmp_path: Path) -> None:
    arrays = mf.weights(d=3, n=3)
    flat = np.concatenate([[7.0], arrays[mf.IH][:, 0], arrays[mf.HH].T.ravel()])
    entries = {
        mf.IH: mf.tensor("0", "float32", (3, 1), (1, 9), 1, count=13),
        mf.HH: mf.tensor("0", "float32", (3, 3), (1, 3), 4, count=13, parameter=True),
        mf.OUT: mf.tensor("0", "float32", (3, 3), (0, 1), 1, count=13),
    }
    path = tmp_path / "views.pt"
    path.write_bytes(mf.torch_pickle(mf.state_dict(entries), s0=mf.encode(flat, "float32")))
    network = agree(path)
    assert network == Network.from_arrays(
        arrays[mf.IH], arrays[mf.HH], np.tile(arrays[mf.IH][:, 0], (3, 1))
    )


def test_files_that_torch_writes_needs_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for index, name in enumerate(mf.DTYPES):
        arrays = mf.weights(seed=index)
        kind = getattr(torch, name)
        state = {k: torch.tensor(v, dtype=kind) for k, v in arrays.items()}
        state[mf.HH] = torch.tensor(arrays[mf.HH].T.copy(), dtype=kind).T  # strides
        state[mf.OUT] = torch.nn.Parameter(state[mf.OUT])
        for protocol in (2, 3, 4, 5):
            path = tmp_path / f"{name}{protocol}.pt"
            torch.save(state, path, pickle_protocol=protocol)
            if protocol < 4:
                assert agree(path) == expected(arrays)
            else:  # nor does torch.load
                assert "pickle_protocol=" in refused(path)[0]


CHANGES: list[tuple[dict[str, str], list[str], bool]] = [
    ({}, [], False),
    ({"": "module."}, [], False),
    ({"linear": "fc"}, [], False),
    ({"rnn.": "cell.", "_l0": "", "linear": "out"}, ["bias_hh", "bias_ih"], False),
    ({"": "model._orig_mod."}, ["bias_hh_l0", "linear.bias"], True),
]


@pytest.mark.parametrize("kind", mf.MAKERS)
@pytest.mark.parametrize(("renamed", "zeros", "inside"), CHANGES)
def test_own_names(
    renamed: dict[str, str], zeros: list[str], inside: bool, kind: str, tmp_path: Path
) -> None:
    """Both readers take the same for granted, and say the same."""
    arrays = mf.weights()
    named = {}
    for name, array in arrays.items():
        for old, new in renamed.items():
            name = name.replace(old, new, 1)
        named[name] = array
    recurrent = next(name for name in named if "weight_hh" in name)
    for name in zeros:
        stem = recurrent[: recurrent.index("weight")] if "_" in name else "model._orig_mod."
        named[stem + name] = np.zeros(4 if name == "linear.bias" else 3)
    path = tmp_path / "model"
    path.write_bytes(mf.MAKERS[kind](named))
    network = agree(path)
    assert network == expected(arrays)
    assert bool(network.notes) == bool(renamed)
    one = next(iter(named))
    named[one.replace("weight", "bias")] = np.eye(3)[0]
    path.write_bytes(mf.MAKERS[kind](named))
    refused(path)


def test_a_checkpoint_needs_torch(tmp_path: Path) -> None:
    """With an optimizer, numpy scalars, float8, devices and types beside the weights."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    arrays = mf.weights()
    state = {name: torch.tensor(a, dtype=torch.float32) for name, a in arrays.items()}
    parameters = [torch.nn.Parameter(t.clone()) for t in state.values()]
    adam = torch.optim.Adam(parameters)
    sum(p.sum() for p in parameters).backward()
    adam.step()
    path = tmp_path / "model.pt"
    checkpoint = {
        "epoch": 3,
        "loss": np.float64(0.5),
        "state_dict": {**state, "quantised": torch.ones(2).to(torch.float8_e4m3fn)},
        "optimizer_states": [adam.state_dict()],
        "hyper_parameters": {"dtype": torch.float32, "device": torch.device("cpu"), "on": True},
    }
    torch.save(checkpoint, path)
    network = agree(path)
    assert network == expected(arrays)
    assert network.notes == (
        "the state dict is the entry 'state_dict'",
        "left aside: 'epoch', 'hyper_parameters', 'loss', 'optimizer_states', 'quantised'",
    )
    torch.save({**checkpoint, "ema": state}, path)
    assert "several models ('ema', 'state_dict')" in refused(path)[0]
    torch.save({**checkpoint, "hyper_parameters": {"nonlinearity": "tanh"}}, path)
    assert "nonlinearity is 'tanh'" in refused(path)[0]
    large = torch.zeros(4 << 20)
    large[:9] = torch.tensor(arrays[mf.HH].ravel())
    torch.save({**state, mf.HH: large[:9].view(3, 3)}, path)
    assert path.stat().st_size > 16 << 20
    assert agree(path) == expected(arrays)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(mf.torch_file(mf.weights()))

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert [text.removeprefix(f"{path}: ") for text in refused(path)] == [
        "cannot be read: Permission denied"
    ] * 2


def test_a_module_of_the_family_needs_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")

    class Model(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = torch.nn.RNN(1, 5, nonlinearity="relu", bias=False)
            self.linear = torch.nn.Linear(5, 4, bias=False)

    model = Model()
    path = tmp_path / "model.pt"
    torch.save(model.state_dict(), path)
    arrays = [p.detach().numpy() for p in model.state_dict().values()]
    assert agree(path) == Network.from_arrays(*arrays)


def test_files_that_safetensors_writes(tmp_path: Path) -> None:
    arrays = mf.weights()
    path = tmp_path / "model.safetensors"
    for dtype in ("float16", "float32", "float64"):
        save_file({k: v.astype(dtype) for k, v in arrays.items()}, path, {"nonlinearity": "relu"})
        assert agree(path) == expected(arrays)


def test_golden_models(golden: Golden) -> None:
    network = agree(golden.path)
    assert (network.hidden_size, network.seq_len, network.shift) == (16, 10, golden.shift)
    assert network.sha256 == golden.sha256


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_round_trip(data: st.DataObject) -> None:
    """Any bits of any format, subnormal ones too, come back exactly, from every container."""
    dtype = data.draw(st.sampled_from(["float16", "float32", "float64"]))
    d, n = data.draw(st.integers(1, 4)), data.draw(st.integers(2, 4))
    width = int(dtype[-2:])
    elements = st.floats(allow_nan=False, allow_infinity=False, width=width)  # type: ignore[arg-type]
    arrays = {
        name: data.draw(hnp.arrays(dtype, shape, elements=elements)).astype(np.float64)
        for name, shape in {mf.IH: (d, 1), mf.HH: (d, d), mf.OUT: (n, d)}.items()
    }
    path = Path(os.environ.get("PYTEST_XDIST_WORKER", "main"))
    kind = data.draw(st.sampled_from(sorted(mf.MAKERS)))
    path = Path(round_trip_folder) / f"{path}.{kind}"
    path.write_bytes(mf.MAKERS[kind](arrays, dtype))
    assert agree(path) == expected(arrays)


round_trip_folder = ""


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    global round_trip_folder
    round_trip_folder = str(tmp_path_factory.mktemp("round_trip"))


@given(st.binary(min_size=2, max_size=2))
@settings(max_examples=100, deadline=None)
def test_every_bfloat16(bits: bytes) -> None:
    path = Path(round_trip_folder) / "bfloat16.pt"
    entries = {
        mf.IH: mf.tensor("0", "bfloat16", (1, 1)),
        mf.HH: mf.tensor("0", "bfloat16", (1, 1)),
        mf.OUT: mf.tensor("0", "bfloat16", (2, 1), (0, 1), count=1),
    }
    path.write_bytes(mf.torch_pickle(mf.state_dict(entries), s0=bits))
    value = np.frombuffer(b"\0\0" + bits, "<f4").astype(np.float64)
    if np.isfinite(value[0]):
        assert agree(path) == Network.from_arrays(value, [value], [value, value])
    else:
        assert mf.IH in refused(path)[0]
