from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from certify.checker import Rejected, Unreadable, check
from certify.checker import document as checker_document
from certify.checker.document import MAX_DEPTH, equal, fields, items, rational, read_document
from certify.checker.reader import read_weights
from tests import modelfiles as mf
from tests.examples import ROOT

GOOD = {"format": "certify-certificate", "version": 2, "kind": "impulse"}


def write(folder: Path, data: bytes) -> Path:
    path = folder / "certificate.json"
    path.write_bytes(data)
    return path


def container(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_json_and_containers_are_read(tmp_path: Path) -> None:
    text = json.dumps(GOOD).encode()
    assert read_document(write(tmp_path, text)).kind == "impulse"
    packed = container({"certificate.json": text, "evidence.bin": b"abc"})
    assert read_document(write(tmp_path, packed)).evidence == b"abc"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty", b""),
        ("cut off", json.dumps(GOOD).encode()[:-3]),
        ("not JSON", b"certificate"),
        ("a list", b"[]"),
        ("a number", b"1"),
        ("not ASCII", '{"format": "é"}'.encode()),
        ("a float", b'{"format": "certify-certificate", "version": 1.0}'),
        ("NaN", b'{"format": "certify-certificate", "version": NaN}'),
        ("a key twice", b'{"format": "certify-certificate", "version": 2, "version": 2}'),
        ("deep", b"[" * 100_000),
        ("a long integer", b'{"version": ' + b"9" * 5000 + b"}"),
        ("a very long integer", b'{"version": ' + b"9" * 10_000_000 + b"}"),
        ("a broken container", container({"certificate.json": b"{}", "evidence.bin": b""})[:-9]),
        ("another container", container({"data.pkl": b""})),
        ("a member too many", container({"certificate.json": b"", "evidence.bin": b"", "x": b""})),
    ],
)
def test_what_is_no_certificate(name: str, data: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        read_document(write(tmp_path, data))


def test_a_zip_bomb_is_not_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker_document, "MAX_BYTES", 1 << 20)
    bomb = container({"certificate.json": b"{}", "evidence.bin": bytes((1 << 20) + 1)})
    assert len(bomb) < 1 << 12
    with pytest.raises(Unreadable, match="larger than"):
        read_document(write(tmp_path, bomb))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(Unreadable):
            read_document(path)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2/4",
        "1/0",
        "0/1",
        "-0",
        "01",
        "+1",
        "1.5",
        " 1",
        "1/-2",
        "1_0",
        "١",
        "9" * 4001,
        1,
        None,
    ],
)
def test_only_rationals_in_lowest_terms(value: Any) -> None:
    with pytest.raises(Rejected):
        rational(value, "here")


def test_rejections_name_the_place() -> None:
    with pytest.raises(Rejected, match="claim: key 'b' is missing"):
        fields({"a": 1}, "claim", ("a", "b"))
    with pytest.raises(Rejected, match="claim: key 'c' is unknown"):
        fields({"a": 1, "c": 2}, "claim", ("a",))
    with pytest.raises(Rejected, match="list: expected a list of 2"):
        items([1], "list", 2)
    with pytest.raises(Rejected, match="flag: claimed true, found 1"):
        equal(True, 1, "flag")


@pytest.mark.parametrize(
    ("claimed", "found"),
    [
        (False, 0),
        ([False, True], [0, 1]),
        ([[1, [True]]], [[1, [1]]]),
        ({"a": {"b": False}}, {"a": {"b": 0}}),
        ([1, 2], [1]),
        ({"a": 1}, {"b": 1}),
        ("1", 1),
        (None, False),
    ],
)
def test_false_is_not_zero_at_any_depth(claimed: Any, found: Any) -> None:
    equal(claimed, claimed, "here")
    equal(found, found, "here")
    with pytest.raises(Rejected):
        equal(claimed, found, "here")
    with pytest.raises(Rejected):
        equal(found, claimed, "here")


def run_checker(certificate: Path, model: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-S", "-m", "certify.checker", str(certificate), str(model)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.parametrize("text", ["\ud800", "x\nACCEPTED  impulse certificate"])
def test_what_a_certificate_says_is_quoted(text: str, tmp_path: Path) -> None:
    model = {"sha256": text, "hidden_size": 2, "seq_len": 2, "parameters": 10}
    sections = ("library", "settings", "claim", "evidence", "offset", "float32")
    body = {**GOOD, "model": model, **{name: {} for name in sections}}
    found = run_checker(write(tmp_path, json.dumps(body).encode()), ROOT / "models" / "m2_2.pt")
    assert found.returncode == 1
    assert not found.stderr
    assert found.stdout.count("\n") == 1


def test_numbers_too_long_to_write_are_rejected(tmp_path: Path) -> None:
    tiny, n = struct.pack("<d", 5e-324), 24
    tensors = {
        mf.IH: ([1, 1], tiny),
        mf.HH: ([1, 1], tiny),
        mf.OUT: ([n, 1], struct.pack("<d", 1) + tiny * (n - 1)),
    }
    described, data = {}, b""
    for name, (shape, raw) in tensors.items():
        offsets = [len(data), len(data) + len(raw)]
        described[name] = {"dtype": "F64", "shape": shape, "data_offsets": offsets}
        data += raw
    path = tmp_path / "model.safetensors"
    path.write_bytes(mf.safetensors_raw(json.dumps(described).encode(), data))
    keys = ("verdict", "interval", "min_margin", "rival", "cells", "counterexample")
    pair: dict[str, Any] = {
        "max": 0,
        "second": 1,
        "right_intervals": [],
        **dict.fromkeys(keys),
        "cells": 1,
    }
    body = {
        **GOOD,
        "model": {
            "sha256": read_weights(path).sha256,
            "hidden_size": 1,
            "seq_len": n,
            "parameters": 2 + n,
        },
        "claim": {
            "verdict": "refuted",
            "ratio": ["4/5", "4/5"],
            "common_interval": None,
            "only": [[0, 1]],
        },
        "evidence": {"pairs": [pair]},
        "offset": None,
        "float32": {
            "verdict": "unknown",
            "inputs": ["13421773/16777216"] * 2,
            "pairs": [{}],
        },
        **{name: {} for name in ("library", "settings")},
    }
    with pytest.raises(Rejected, match="4300 digits"):
        check(write(tmp_path, json.dumps(body).encode()), path)


def test_nesting_is_limited(tmp_path: Path) -> None:
    for depth in (MAX_DEPTH - 1, MAX_DEPTH):
        nested = "[" * depth + "]" * depth
        path = write(tmp_path, json.dumps(GOOD)[:-1].encode() + f', "x": {nested}}}'.encode())
        if depth < MAX_DEPTH:
            read_document(path)
        else:
            with pytest.raises(Unreadable, match="deep"):
                read_document(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_packed_otherwise_are_unreadable(method: int, tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("certificate.json", json.dumps(GOOD))
        archive.writestr("evidence.bin", b"")
    damaged = bytearray(stream.getvalue())
    damaged[50] ^= 255
    for data in (stream.getvalue(), bytes(damaged)):
        with pytest.raises(Unreadable):
            read_document(write(tmp_path, data))


def test_a_device_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="no such file"):
        read_document(Path("/dev/zero"))


def test_json_that_would_fill_the_memory_is_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker_document, "MAX_JSON", 100)
    path = write(tmp_path, b'{"x": [' + b"[]," * 50 + b"1]}")
    with pytest.raises(Unreadable, match="more than 100 bytes"):
        read_document(path)
