// What scheduler and memory know of the launch that is under way.
#pragma once
#include <setjmp.h>
#include <ucontext.h>

#include <map>
#include <unordered_map>

#include "shim.h"

namespace shim {
dim3 thread_index, block_index, block_size, grid_size;

namespace {
const size_t STACK = 64 * 1024;
enum State { NEW, READY, AT_BARRIER, IN_WARP, DONE };

struct Thread { jmp_buf where; State state = NEW; };
struct Access { int block = -1, epoch = 0, thread = 0; bool several = false; };
struct Cell { Access write, read; int loads = 0, stores = 0; bool published = false; };
// What an address holds for the block, or for all: what the memory does not hold now.
struct Store { size_t bytes = 0; int thread, epoch; char other[16]; };

struct Block {
    int number, left, epoch = 0;
    size_t place;  // of its stacks
    dim3 index;
    bool fenced = false;  // since it last counted itself
    std::vector<int> turn;  // threads that have yet to run before the first runs again
    bool advanced = false;  // whether any of the others could
    std::vector<Thread> threads;
    std::vector<uint64_t> exchanged;
    std::map<uintptr_t, std::vector<char>> shared;
    std::unordered_map<uintptr_t, Cell> shared_cells;
    std::unordered_map<uintptr_t, Store> stores;
};

Block* block = nullptr;  // the one that runs; null on the host
int current = 0;         // thread of this block
const char* kernel_name = "";

char* stack_of(size_t place, int thread);
char* stack_of_current() { return stack_of(block->place, current); }
}  // namespace
}  // namespace shim
