"""Files mean one thing: of mutated ones, no accepted file is read otherwise by another program."""

from __future__ import annotations

import contextlib
import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from certify.checker.errors import Unreadable
from certify.checker.reader import read_weights
from certify.errors import ModelFileError
from certify.model import Network
from certify.reading.archives import directory, torch_members
from certify.reading.weights import network_from_mapping, read_network
from tests import modelfiles as mf
from tests.header_mutations import mutate_safetensors
from tests.mutations import mutate

Mutate = Callable[[Random], bytes]
Other = Callable[[Path], Network]


@pytest.fixture(autouse=True, scope="module")
def _any_size() -> Iterator[None]:
    """Numbers are compared here whether or not searches could follow them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("certify.reading.weights.MOST_BITS", 10**6)
        patch.setattr("certify.reading.weights.LEAST_BITS", -(10**6))
        yield


def torch_files() -> list[bytes]:
    """Of torch's older and newer layout; the last members are those of newer ones."""
    files = []
    for seed, (folder, dtype) in enumerate((("archive", "float32"), ("m", "float64"))):
        arrays = mf.weights(seed=seed)
        tensors = {n: mf.tensor(str(i), dtype, a.shape) for i, (n, a) in enumerate(arrays.items())}
        storages = {
            f"{folder}/data/{i}": mf.encode(a, dtype) for i, a in enumerate(arrays.values())
        }
        old = {f"{folder}/data.pkl": mf.state_dict(tensors), **storages}
        new = {
            f"{folder}/data.pkl": mf.state_dict(tensors),
            f"{folder}/.format_version": b"1",
            f"{folder}/.storage_alignment": b"64",
            f"{folder}/byteorder": b"little",
            **storages,
        }
        version = {f"{folder}/version": b"3\n"}
        number = {f"{folder}/.data/serialization_id": b"%040d" % seed}
        files += [mf.torch_pack(old | version), mf.torch_pack(new | version | number)]
    return files


def archives_of_torch(rng: Random) -> bytes:
    files = torch_files()
    return mutate(rng.choice(files), rng.choice(files), rng)


def archives_of_numpy(rng: Random) -> bytes:
    files = []
    for seed, save in enumerate((np.savez, np.savez_compressed)):
        stream = io.BytesIO()
        save(stream, **mf.weights(seed=seed))  # type: ignore[arg-type]
        files.append(stream.getvalue())
    return mutate(files[0], files[rng.randrange(2)], rng)


def headers_of_safetensors(rng: Random) -> bytes:
    return mutate_safetensors(mf.safetensors_file(mf.weights()), rng)


def by_zipfile(path: Path) -> Network:
    """Members as Python's zipfile sees them; the pickle is that of :func:`torch_files`."""
    with zipfile.ZipFile(path) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    content = path.read_bytes()
    assert found == torch_members(content, directory(content))
    top = next(iter(found)).split("/")[0]
    dtype = ">" if found.get(f"{top}/byteorder") == b"big" else "<"
    dtype += "f4" if b"FloatStorage" in found[f"{top}/data.pkl"] else "f8"
    shapes = {name: array.shape for name, array in mf.weights().items()}
    return network_from_mapping(
        {
            name: np.frombuffer(found[f"{top}/data/{i}"], dtype).reshape(shape)
            for i, (name, shape) in enumerate(shapes.items())
        }
    )


def by_numpy(path: Path) -> Network:
    with np.load(path, allow_pickle=False) as arrays:
        return network_from_mapping(dict(arrays))


def by_safetensors(path: Path) -> Network:
    from safetensors.numpy import load

    return network_from_mapping(load(path.read_bytes()))


def by_torch(path: Path) -> Network:
    """The same model in each of torch's ways to read it."""
    import torch
    from torch.utils.serialization import config

    networks = [
        network_from_mapping(torch.load(path)),
        network_from_mapping(torch.load(path, mmap=True)),
        network_from_mapping(torch.load(path, weights_only=False)),
    ]
    with config.patch({"load.calculate_storage_offsets": True}):  # type: ignore[attr-defined]
        networks.append(network_from_mapping(torch.load(path, mmap=True)))
    assert all(network == networks[0] for network in networks)
    return networks[0]


def fuzz(count: int, mutated: Mutate, other: Other, path: Path) -> int:
    """The number of accepted files; all are the same model to ``other``."""
    accepted = 0
    for seed in range(count):
        path.write_bytes(mutated(Random(seed)))
        found: list[Any] = []
        with contextlib.suppress(ModelFileError):
            found.append(read_network(path))
        with contextlib.suppress(Unreadable):
            found.append(read_weights(path))
        for model in found:
            theirs = other(path)
            assert model.sha256 == theirs.sha256, seed
        assert len(found) != 1 or isinstance(found[0], Network), (
            f"{seed}: only the checker reads it"
        )
        accepted += bool(found)
    print(f"{accepted} of {count} accepted, 0 read otherwise")  # pytest -rP shows it
    return accepted


@pytest.mark.filterwarnings("ignore::UserWarning")  # of zipfile and torch, about what is odd
@pytest.mark.parametrize(
    ("mutated", "other"),
    [
        (archives_of_torch, by_zipfile),
        (archives_of_numpy, by_numpy),
        (headers_of_safetensors, by_safetensors),
    ],
)
def test_mutated_files(mutated: Mutate, other: Other, tmp_path: Path) -> None:
    assert 0 < fuzz(400, mutated, other, tmp_path / "file") < 200


@pytest.mark.slow
def test_10000_mutated_archives_needs_torch(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        accepted = fuzz(10_000, archives_of_torch, by_torch, tmp_path / "file.pt")
    assert 0 < accepted < 5000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mutated", "other"),
    [(archives_of_numpy, by_numpy), (headers_of_safetensors, by_safetensors)],
)
def test_10000_mutated_files(mutated: Mutate, other: Other, tmp_path: Path) -> None:
    assert 0 < fuzz(10_000, mutated, other, tmp_path / "file") < 5000
