// The scheduler, and what watches memory: see shim.h.
//
// The generated files are compiled with -fsanitize=thread, which calls a function of
// this file (not GCC's library) at every load and store. So each access of a kernel is
// counted, and two threads that meet at an address with no barrier between them are
// found, whatever the order they happened to run in.
#include <ucontext.h>

#include <map>
#include <random>
#include <unordered_map>

#include "shim.h"

extern char __start_shim_shared[] __attribute__((weak));
extern char __stop_shim_shared[] __attribute__((weak));

namespace shim {
dim3 thread_index, block_index, block_size, grid_size;

namespace {
const size_t STACK = 64 * 1024;
enum State { READY, AT_BARRIER, IN_WARP, DONE };
struct Thread {
    ucontext_t context;
    State state;
    dim3 index;
};
std::vector<Thread> threads;
std::vector<char> stacks;
std::vector<uint64_t> exchanged;
ucontext_t scheduler;
const std::function<void()>* kernel;
int current, epoch, block_number;
bool running = false;
int races = 0;
const char* kernel_name = "";

struct Allocation { size_t bytes; std::string name; };
std::map<uintptr_t, Allocation> allocations;

struct Access { int block = -1, epoch = 0, thread = 0; bool several = false; };
struct Cell { Access write, read; int loads = 0, stores = 0; };
std::unordered_map<uintptr_t, Cell> cells, shared_cells;

std::mt19937& order() {
    static const char* seed = getenv("SHIM_SEED");
    static std::mt19937 generator(seed ? atoi(seed) : 0);
    return generator;
}

void complain(const char* what, uintptr_t address) {
    if (races++ > 5) return;
    fprintf(stderr, "ERROR shim: %s in %s, block %d, thread %d, at %p\n", what,
            kernel_name, block_number, current, (void*)address);
}

bool is_shared(uintptr_t p) {
    return p >= (uintptr_t)__start_shim_shared && p < (uintptr_t)__stop_shim_shared;
}

const std::pair<const uintptr_t, Allocation>* allocation_of(uintptr_t p) {
    auto next = allocations.upper_bound(p);
    if (next == allocations.begin()) return nullptr;
    --next;
    return p < next->first + next->second.bytes ? &*next : nullptr;
}

// What happened to an address in this launch; null if it is no memory of the card.
Cell* cell_of(uintptr_t p) {
    if (!running) return nullptr;
    if (is_shared(p)) return &shared_cells[p];
    return allocation_of(p) ? &cells[p] : nullptr;
}

bool conflict(const Access& other) {
    if (other.block < 0) return false;
    if (other.block != block_number) return true;
    return other.epoch == epoch && (other.several || other.thread != current);
}

void note(Access& last) {
    const bool again = last.block == block_number && last.epoch == epoch;
    last.several = again && (last.several || last.thread != current);
    last.block = block_number, last.epoch = epoch, last.thread = current;
}

void entry() {
    (*kernel)();
    threads[current].state = DONE;
    swapcontext(&threads[current].context, &scheduler);
}

void pause(State state) {
    Thread& mine = threads[current];
    mine.state = state;
    swapcontext(&mine.context, &scheduler);
}

// Let go on who waits for nobody any more.
bool release_waiting() {
    const int n = threads.size();
    bool any = false;
    for (int first = 0; first < n; first += 32) {
        const int last = std::min(n, first + 32);
        bool all = true;
        for (int i = first; i < last; i++) all = all && threads[i].state == IN_WARP;
        for (int i = first; all && i < last; i++) threads[i].state = READY, any = true;
    }
    if (any) return true;
    for (auto& thread : threads)
        if (thread.state == IN_WARP) return false;
    for (auto& thread : threads)
        if (thread.state == AT_BARRIER) thread.state = READY, any = true;
    epoch++;
    return any;
}

void run_block() {
    const int n = threads.size();
    std::fill(__start_shim_shared, __stop_shim_shared, (char)0xA5);
    shared_cells.clear();
    epoch = 0;
    for (int i = 0; i < n; i++) {
        Thread& thread = threads[i];
        getcontext(&thread.context);
        thread.context.uc_stack.ss_sp = &stacks[i * STACK];
        thread.context.uc_stack.ss_size = STACK;
        makecontext(&thread.context, entry, 0);
        thread.state = READY;
        thread.index = dim3(i);
    }
    std::vector<int> turn(n);
    for (int i = 0; i < n; i++) turn[i] = i;
    for (int left = n; left;) {
        std::shuffle(turn.begin(), turn.end(), order());
        bool any = false;
        for (int i : turn) {
            if (threads[i].state != READY) continue;
            any = true;
            current = i;
            thread_index = threads[i].index;
            swapcontext(&scheduler, &threads[i].context);
            left -= threads[i].state == DONE;
        }
        if (left && !any && !release_waiting()) {
            complain("threads wait for others that never come", 0);
            exit(3);
        }
    }
}

// Loads and stores of each array by one launch, for the tests that ask.
void write_counts() {
    static FILE* file = getenv("SHIM_COUNTS") ? fopen(getenv("SHIM_COUNTS"), "a") : nullptr;
    if (!file) return;
    struct Sum { long loads = 0, stores = 0, loaded = 0, stored = 0; int most_loads = 0, most_stores = 0; };
    std::map<std::string, Sum> sums;
    for (auto& [address, cell] : cells)
        if (auto found = allocation_of(address)) {
            Sum& sum = sums[found->second.name];
            sum.loads += cell.loads, sum.stores += cell.stores;
            sum.loaded += cell.loads > 0, sum.stored += cell.stores > 0;
            sum.most_loads = std::max(sum.most_loads, cell.loads);
            sum.most_stores = std::max(sum.most_stores, cell.stores);
        }
    for (auto& [name, s] : sums)
        fprintf(file, "%s %s %ld %ld %ld %ld %d %d\n", kernel_name, name.c_str(), s.loads,
                s.stores, s.loaded, s.stored, s.most_loads, s.most_stores);
    fflush(file);
}
}  // namespace

void launch(const char* name, dim3 grid, dim3 block, const std::function<void()>& body) {
    kernel = &body, kernel_name = name;
    grid_size = grid, block_size = block;
    threads.resize(block.x);
    stacks.resize(block.x * STACK);
    cells.clear();
    std::vector<int> blocks(grid.x * grid.y);
    for (size_t i = 0; i < blocks.size(); i++) blocks[i] = i;
    std::shuffle(blocks.begin(), blocks.end(), order());
    running = true;
    for (int number : blocks) {
        block_number = number;
        block_index = dim3(number % grid.x, number / grid.x);
        run_block();
    }
    running = false;
    write_counts();
    if (races) exit(3);
}

void barrier() { pause(AT_BARRIER); }

const uint64_t* warp_exchange(uint64_t mine) {
    exchanged.resize(threads.size() + 32);
    pause(IN_WARP);  // until all have read what was exchanged before
    exchanged[current] = mine;
    pause(IN_WARP);
    return &exchanged[current / 32 * 32];
}

void* allocate(size_t bytes, const char* name) {
    void* pointer = malloc(bytes + 1);
    memset(pointer, 0xA5, bytes + 1);  // nobody may count on zeros
    std::string text(name);
    text = text.substr(text.find_last_of('&') + 1);
    allocations[(uintptr_t)pointer] = {bytes, text};
    return pointer;
}

void release(void* pointer) {
    allocations.erase((uintptr_t)pointer);
    free(pointer);
}

void loaded(void* pointer, bool is_volatile) {
    const uintptr_t address = (uintptr_t)pointer;
    Cell* cell = cell_of(address);
    if (!cell) return;
    cell->loads++;
    // What is read as volatile has been waited for by counting the blocks.
    if (!is_volatile && conflict(cell->write)) complain("race: read after write", address);
    note(cell->read);
}

void stored(void* pointer) {
    const uintptr_t address = (uintptr_t)pointer;
    Cell* cell = cell_of(address);
    if (!cell) return;
    cell->stores++;
    if (conflict(cell->write)) complain("race: write after write", address);
    if (conflict(cell->read)) complain("race: write after read", address);
    note(cell->write);
}
}  // namespace shim

#define HOOKS(n)                                                            \
    extern "C" void __tsan_read##n(void* p) { shim::loaded(p, false); }      \
    extern "C" void __tsan_write##n(void* p) { shim::stored(p); }            \
    extern "C" void __tsan_unaligned_read##n(void* p) { shim::loaded(p, false); } \
    extern "C" void __tsan_unaligned_write##n(void* p) { shim::stored(p); }  \
    extern "C" void __tsan_volatile_read##n(void* p) { shim::loaded(p, true); }  \
    extern "C" void __tsan_volatile_write##n(void* p) { shim::stored(p); }
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)
extern "C" void __tsan_init() {}
extern "C" void __tsan_func_entry(void*) {}
extern "C" void __tsan_func_exit() {}
extern "C" void __tsan_vptr_update(void*, void*) {}
extern "C" void __tsan_vptr_read(void*) {}
extern "C" void __tsan_read_range(void*, long) {}
extern "C" void __tsan_write_range(void*, long) {}
extern "C" uint8_t __tsan_atomic8_load(const volatile uint8_t* p, int) { return *p; }
