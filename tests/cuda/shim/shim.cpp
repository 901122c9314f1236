// The scheduler: see shim.h. A few blocks are under way at a time, and take turns
// wherever their threads wait.
#include "memory.h"

#include <memory>
#include <random>

namespace shim {
namespace {
const size_t PLACES = 4;
std::vector<char> stacks;
jmp_buf scheduler;
void (*kernel)(void*);
void* kernel_context;

std::mt19937& order() {
    static const char* seed = getenv("SHIM_SEED");
    static std::mt19937 generator(seed ? atoi(seed) : 0);
    return generator;
}

char* stack_of(size_t place, int thread) {
    return &stacks[(place * block_size.x + thread) * STACK];
}

void entry() {
    kernel(kernel_context);
    block->threads[current].state = DONE;
    _longjmp(scheduler, 1);
}

void pause(State state) {
    Thread& mine = block->threads[current];
    mine.state = state;
    if (!_setjmp(mine.where)) _longjmp(scheduler, 1);
}

// Let the current thread run until it waits. It is set up with a context of its own, which
// asks the system for signals; afterwards a jump, which does not, is enough.
void go_on(Thread& thread) {
    if (_setjmp(scheduler)) return;
    if (thread.state == READY) _longjmp(thread.where, 1);
    thread.state = READY;
    ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = stack_of_current();
    context.uc_stack.ss_size = STACK;
    makecontext(&context, entry, 0);
    setcontext(&context);
}

// Let go on who waits for nobody any more.
bool release_waiting() {
    auto& threads = block->threads;
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
    block->epoch++;
    return any;
}

std::unique_ptr<Block> start(int number, size_t place) {
    auto started = std::make_unique<Block>();
    started->number = number, started->place = place, started->left = block_size.x;
    started->index = dim3(number % grid_size.x, number / grid_size.x);
    started->threads.resize(block_size.x);
    started->exchanged.resize(block_size.x + 32);
    return started;
}

// The threads of the block in an order drawn at random, each as far as it gets. Half of
// the times only some of them: then another block may have its turn in between.
void advance() {
    const size_t n = block->threads.size();
    auto& turn = block->turn;
    if (turn.empty()) {
        turn.resize(n);
        for (size_t i = 0; i < n; i++) turn[i] = i;
        std::shuffle(turn.begin(), turn.end(), order());
        block->advanced = false;
    }
    const size_t stop = order()() % 2 ? 0 : order()() % turn.size();
    while (turn.size() > stop) {
        const int i = turn.back();
        turn.pop_back();
        Thread& thread = block->threads[i];
        if (thread.state != NEW && thread.state != READY) continue;
        block->advanced = true;
        current = i;
        thread_index = dim3(i);
        go_on(thread);
        block->left -= thread.state == DONE;
    }
    if (block->left && turn.empty() && !block->advanced && !release_waiting()) {
        complain("threads wait for others that never come", 0);
        exit(3);
    }
}

// Loads and stores of each array by one launch, for the tests that ask.
void write_counts() {
    static FILE* file = getenv("SHIM_COUNTS") ? fopen(getenv("SHIM_COUNTS"), "a") : nullptr;
    if (!file) return;
    struct Sum { long loads = 0, stores = 0, loaded = 0, stored = 0; int most_loads = 0, most_stores = 0; };
    std::map<std::string, Sum> sums;
    for (auto& [address, cell] : cells)
        if (auto found = allocation_of(address, 1)) {
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

std::map<std::string, long> calls;
bool in_graph = false;

void write_calls() {
    FILE* file = fopen(getenv("SHIM_CALLS"), "w");
    for (auto& [name, number] : calls) fprintf(file, "%s %ld\n", name.c_str(), number);
    fclose(file);
}
}  // namespace

void called(const char* name) {
    static const bool wanted = getenv("SHIM_CALLS") && !atexit(write_calls);
    if (wanted) calls[name]++;
}

void run(const char* name, dim3 grid, dim3 threads, void (*body)(void*), void* context) {
    called(in_graph ? "launches by graphs" : "launches");
    kernel = body, kernel_context = context, kernel_name = name;
    grid_size = grid, block_size = threads;
    stacks.resize(std::max(stacks.size(), PLACES * threads.x * STACK));
    cells.clear();
    std::vector<int> waiting(grid.x * grid.y);
    for (size_t i = 0; i < waiting.size(); i++) waiting[i] = i;
    std::shuffle(waiting.begin(), waiting.end(), order());
    std::vector<std::unique_ptr<Block>> under_way, finished;
    while (!waiting.empty() || !under_way.empty()) {
        while (!waiting.empty() && under_way.size() < PLACES) {
            size_t place = 0;  // the first that is free
            for (size_t i = 0; i < under_way.size(); i++)
                if (under_way[i]->place == place) place++, i = -1;
            under_way.push_back(start(waiting.back(), place));
            waiting.pop_back();
        }
        auto& next = under_way[order()() % under_way.size()];
        enter(*next);
        advance();
        leave();
        if (next->left) continue;
        finished.push_back(std::move(next));
        if (&next != &under_way.back()) next = std::move(under_way.back());
        under_way.pop_back();
    }
    for (auto& one : finished) publish_all(*one);
    write_counts();
    if (complaints) exit(3);
}

void barrier() { pause(AT_BARRIER); }

const uint64_t* warp_exchange(uint64_t mine) {
    pause(IN_WARP);  // until all have read what was exchanged before
    block->exchanged[current] = mine;
    pause(IN_WARP);
    return &block->exchanged[current / 32 * 32];
}
}  // namespace shim

int cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t) {
    shim::called("launches of graphs");
    shim::in_graph = true;
    for (auto& launch : *graph) launch();
    shim::in_graph = false;
    return 0;
}
