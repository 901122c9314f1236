"""Generated files go together into a few, and what does not is compiled apart."""

import os
import subprocess
from types import SimpleNamespace

import pytest

from spikefa.devices.cpp import project as cpp_project
from spikefa.devices.cpp.bundles import write_bundles

#: What each file keeps to itself has the same names in all of them.
CODE_OBJECT = """\
#include <cstdio>
#ifndef COUNTER
#define COUNTER
struct Counter { static int& value() { static int n = 0; return n; } };
#endif
namespace brian {}
namespace {
    #define FACTOR %(n)d
    #ifndef HELPER
    #define HELPER
    template <typename T> T helper(T x) { return FACTOR * x; }
    #endif
}
void run_%(n)d()
{
    using namespace brian;
    Counter::value() += helper(1);
}
"""
MAIN = """\
#include <cstdio>
%(declared)s
int counted();
int main() { %(called)s std::printf("%%d\\n", counted()); }
"""
MAKEFILE = """\
SRCS = %s
OBJS = ${SRCS:.cpp=.o}
main: $(OBJS)
\tg++ $(OBJS) -o main
"""
NUMBERS = range(1, 8)


@pytest.fixture
def project(tmp_path):
    """A folder as Brian2 leaves it: seven code objects that count 1, 2, ..., 7."""
    (tmp_path / "code_objects").mkdir()
    sources = [f"code_objects/object_{n}.cpp" for n in NUMBERS]
    for n, name in zip(NUMBERS, sources, strict=True):
        (tmp_path / name).write_text(CODE_OBJECT % {"n": n})
    count = "int counted() { return Counter::value(); }"
    first = tmp_path / sources[0]
    first.write_text(first.read_text() + count)
    declared = "".join(f"void run_{n}();" for n in NUMBERS)
    called = "".join(f"run_{n}();" for n in NUMBERS)
    (tmp_path / "objects.cpp").write_text("")
    (tmp_path / "main.cpp").write_text(MAIN % {"declared": declared, "called": called})
    sources += ["main.cpp", "objects.cpp"]
    (tmp_path / "makefile").write_text(MAKEFILE % " ".join(sources))
    return SimpleNamespace(folder=tmp_path, sources=sources)


def counted(project):
    """Compile and run it."""
    cpp_project._compile(project.folder, project.sources, os.devnull)
    return int(subprocess.check_output(project.folder / "main"))


def test_helpers_of_each_are_its_own_and_what_is_guarded_is_for_all(project):
    assert counted(project) == sum(NUMBERS)
    assert (project.folder / "bundle_0.o").exists()
    assert not (project.folder / "code_objects" / "object_1.o").exists()


def test_what_takes_longest_is_compiled_first(project):
    names = write_bundles(project.folder, project.sources, size=3)
    assert names == ["objects.cpp", *(f"bundle_{n}.cpp" for n in range(3)), "main.cpp"]


def test_files_that_do_not_go_together_are_compiled_apart(project):
    # Nothing says that this function is for one file only but its declaration.
    for n in NUMBERS[:4]:
        path = project.folder / "code_objects" / f"object_{n}.cpp"
        path.write_text(f"static int same() {{ return {n}; }}\n{path.read_text()}")
    assert counted(project) == sum(NUMBERS)
    assert (project.folder / "code_objects" / "object_1.o").exists()


def test_an_error_is_that_of_one_file(project):
    path = project.folder / "code_objects" / "object_3.cpp"
    path.write_text(path.read_text() + "mistake;")
    with pytest.raises(subprocess.CalledProcessError):
        counted(project)
    assert "object_3.cpp" in (project.folder / "make.log").read_text()
