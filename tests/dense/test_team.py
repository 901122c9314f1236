"""When all threads go through the loops of an OpenMP build, and when one does.

What decides is compiled by itself, against a clock that the test moves: how far a
program gets in a minute is then the same on any machine, for neighbours of any kind.
"""

import subprocess

import pytest

from spikefa.dense.codeobjects import DenseCPPStandaloneCodeObject

THREADS = 2

#: A loop of two parts of 0.1 ms; threads wait for each other. The second core is taken
#: for some milliseconds every so often: by an interruption now and then, or half of the
#: time, by a neighbour. The last and the last but two come after such a neighbour, for
#: which threads wait long.
PROGRAM = r"""
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>

static double wall = 1, work = 1;

namespace std { namespace chrono {
struct moved_clock
{
    static steady_clock::time_point now()
    {
        return steady_clock::time_point(
            duration_cast<steady_clock::duration>(duration<double>(wall)));
    }
};
}}
static int moved_gettime(int, timespec* time)
{
    time->tv_sec = (time_t)work;
    time->tv_nsec = (long)(1e9 * (work - time->tv_sec));
    return 0;
}
#define steady_clock moved_clock
#define clock_gettime moved_gettime
TEAM
#undef steady_clock

const double part = 1e-4;
struct Disturbance { double length, period; };

// How long the second core is taken, counted from now.
static double taken(Disturbance by)
{
    return std::max(0.0, by.length - std::fmod(wall, by.period));
}

int main()
{
    const Disturbance all[] = {
        {0, 1}, {5, 3000}, {5, 1000}, {5, 300}, {3, 6}, {40, 80}, {10, 20},
        {5, 150}, {10, 20.5}, {5, 1500}};
    for (Disturbance by : all)
    {
        const double end = wall + 60;
        long loops = 0;
        by.length *= 1e-3, by.period *= 1e-3;
        for (; wall < end; loops++)
        {
            const int threads = DenseTeam::team().threads();
            for (int thread = 0; thread < 2; thread++)
                for (DenseTeam::Part p(thread); p; p.done())
                    if (thread == 0) work += part;
            wall += threads == 1 ? 2 * part : part + taken(by);
            DenseTeam::team().done();
        }
        // 1: what one thread does; 2: what both do without a neighbour.
        std::printf("%g %g\n", 1e3 * by.period, loops * 2 * part / 60);
    }
}
"""


@pytest.fixture(scope="module")
def progress(tmp_path_factory):
    """How much faster than one thread the program is, by how often it is disturbed."""
    folder = tmp_path_factory.mktemp("team")
    macros = DenseCPPStandaloneCodeObject.templater.env.get_template("dense_macros.cpp")
    pragmas = {"with_openmp": "#", "get_num_threads": str(THREADS)}
    team = macros.make_module({"openmp_pragma": pragmas.get}).team_class()
    (folder / "team.cpp").write_text(PROGRAM.replace("TEAM", str(team)))
    subprocess.run(["g++", "-O1", "team.cpp", "-o", "team"], cwd=folder, check=True)
    out = subprocess.run(
        [folder / "team"], check=True, capture_output=True, text=True
    ).stdout
    return dict(map(float, line.split()) for line in out.splitlines())


def test_all_threads_work_where_nothing_else_does(progress):
    assert progress[1] == pytest.approx(2, rel=1e-3)


@pytest.mark.parametrize(("period", "least"), [(3000, 1.9), (1000, 1.9), (300, 1.7)])
def test_an_interruption_is_soon_forgotten(progress, period, least):
    assert progress[period] > least


@pytest.mark.parametrize(("period", "least"), [(1500, 1.9), (150, 1.7)])
def test_a_neighbour_that_has_gone_is_forgotten_too(progress, period, least):
    """However long threads had waited for it."""
    assert progress[period] > least


@pytest.mark.parametrize("period", [6, 20, 20.5, 80])
def test_one_thread_works_where_a_neighbour_does(progress, period):
    """Half of the second core would be there, but threads wait for each other."""
    assert progress[period] > 0.95
