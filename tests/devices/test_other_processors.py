"""Programs for other compilers and processors than those of this machine."""

import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from brian2 import prefs

from spikefa import Architecture, load_model, open_session, set_initial_state

pytestmark = [pytest.mark.slow, pytest.mark.compiles]

RNG = np.random.default_rng(1)
IMAGES, LABELS = RNG.random((12, 40)), RNG.integers(0, 3, 12)

#: Vectors of 32 bytes, and of 64 where that is said.
FLAGS = [
    "-march=x86-64",
    "-march=x86-64-v3",
    "-march=znver3",
    "-march=x86-64-v4 -mprefer-vector-width=256",
    "-march=x86-64-v4 -mprefer-vector-width=512",
    "-march=sapphirerapids -mprefer-vector-width=256",
    "-march=sapphirerapids -mprefer-vector-width=512",
]
ARM = "aarch64-linux-gnu-g++"
QEMU = ("qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu")


@pytest.fixture
def compiler(monkeypatch):
    """Choose a compiler and the flags for a processor; skip without the compiler."""
    before = prefs.codegen.cpp.extra_compile_args_gcc

    def choose(name, flags):
        if shutil.which(name) is None:
            pytest.skip(f"no {name}")
        monkeypatch.setenv("CXX", name)
        kept = [flag for flag in before if not flag.startswith("-march")]
        prefs.codegen.cpp.extra_compile_args_gcc = [*kept, *flags.split()]

    yield choose
    prefs.codegen.cpp.extra_compile_args_gcc = before


def opened(bits=32, threads=1):
    model = load_model().replace(input_spike="images(t, i) > 0.5")
    sizes = Architecture(
        (40, 70, 50, 9),
        n_classes=3,
        steps_per_image=4,
        chunk_images=12,
        feedback_bits=bits,
    )
    return open_session(sizes, model, "fa", device="cpp", threads=threads)


def state_after_a_run(session):
    set_initial_state(session, 1)
    session.run(IMAGES, LABELS, seed=1)
    return session.get_state()


@pytest.fixture(scope="module")
def expected():
    """The state by bits, of the compiler of this machine."""
    found = {}
    for bits in (8, 16, 32):
        with opened(bits) as session:
            found[bits] = state_after_a_run(session)
    return found


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("bits", [8, 32])
@pytest.mark.parametrize("threads", [1, 2])
def test_clang(threads, bits, expected, compiler):
    compiler("clang++", "-march=native")
    with opened(bits, threads) as session:
        assert_equal(state_after_a_run(session), expected[bits])


@pytest.mark.parametrize("bits", [8, 32])
def test_arm(bits, expected, compiler):
    """Compiled by a cross compiler, run by an emulator."""
    compiler(ARM, "")
    if shutil.which(QEMU[0]) is None:
        pytest.skip(f"no {QEMU[0]}")
    with opened(bits) as session:
        session.restart(*QEMU)
        assert_equal(state_after_a_run(session), expected[bits])


@pytest.mark.parametrize(
    ("name", "flags", "bits"),
    [
        *(("g++", flags, 8) for flags in FLAGS),
        ("g++", FLAGS[1], 16),
        ("g++", FLAGS[4], 16),
        ("clang++", FLAGS[1], 16),
        ("clang++", FLAGS[4], 8),
    ],
)
def test_x86(name, flags, bits, expected, compiler):
    """Run where this processor can; what cannot be run is only compiled."""
    compiler(name, flags)
    with opened(bits) as session:
        if runs_here(name, flags):
            assert_equal(state_after_a_run(session), expected[bits])
        if name == "g++":
            assert not vectors_on_the_stack(session.build_dir, flags)


def runs_here(name, flags):
    """Whether the flags of a processor are among those of this one."""
    macros = [
        set(
            subprocess.run(
                [name, *asked.split(), "-E", "-dM", "-x", "c++", os.devnull],
                capture_output=True,
                text=True,
                check=True,
            ).stdout.splitlines()
        )
        for asked in (flags, "-march=native")
    ]
    wanted, here = (
        {m for m in of if re.match(r"#define __\w+__ 1$", m)} for of in macros
    )
    processors = re.compile(r"#define __(znver|sapphirerapids|k8|tune|core)")
    return all(processors.match(macro) for macro in wanted - here)


def vectors_on_the_stack(build, flags):
    """Vectors that sums of small integers leave in memory to read them again.

    A load of 64 bytes has to wait until two stores of 32 bytes before it are in the
    cache: twice the time of the whole loop, where vectors are that long.
    """
    source = (
        build / "code_objects/feedback_1_summed_variable_feedback_post_codeobject.cpp"
    )
    assert "_widen_8" in source.read_text()
    options = prefs.codegen.cpp.extra_compile_args_gcc
    command = ["g++", *options, "-D__FAST_MATH__", "-I.", "-S", "-o-", source]
    assembly = subprocess.run(
        command, cwd=build, capture_output=True, text=True, check=True
    ).stdout
    vector, stack = r"%[yz]mm\d+", r"\((%rsp|%rbp)"
    moved = rf"^\s+v.*({stack}.*{vector}|{vector}.*{stack})"
    return re.findall(moved, assembly, re.MULTILINE)
