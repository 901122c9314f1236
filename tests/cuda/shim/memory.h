// Memory as a card has it: who may use an address, and who sees what is written there.
//
// The card's memory is a range of addresses of its own. Allocations in it lie apart, so
// that what a kernel uses there is either inside one of them or a mistake; so is any use
// of the host's memory. What a block stores is seen by itself only, until it fences or
// the launch ends: while another block runs, the memory holds what is public. Two
// threads that meet at an address with no barrier between them are a race, whatever the
// order they happened to run in.
#pragma once
#include <sys/mman.h>

#include <map>
#include <unordered_map>

#include "state.h"

extern char __start_shim_shared[] __attribute__((weak));
extern char __stop_shim_shared[] __attribute__((weak));
extern char __executable_start, _end;

namespace shim {
namespace {
const size_t CARD = size_t(1) << 36, ZONE = 256;
char *card = nullptr, *card_end = nullptr;

struct Allocation { size_t bytes; std::string name; };
std::map<uintptr_t, Allocation> allocations;
std::unordered_map<uintptr_t, Cell> cells;  // of this launch
int complaints = 0;

void complain(const char* what, uintptr_t address) {
    if (complaints++ > 5) return;
    fprintf(stderr, "ERROR shim: %s in %s, block %d, thread %d, at %p\n", what,
            kernel_name, block ? block->number : -1, current, (void*)address);
}

bool within(uintptr_t p, const void* first, const void* last) {
    return p >= (uintptr_t)first && p < (uintptr_t)last;
}

const std::pair<const uintptr_t, Allocation>* allocation_of(uintptr_t p, size_t n) {
    static const std::pair<const uintptr_t, Allocation>* last = nullptr;
    static size_t known = 0;
    if (known == allocations.size() && last && p >= last->first &&
        p + n <= last->first + last->second.bytes)
        return last;
    auto next = allocations.upper_bound(p);
    if (next == allocations.begin()) return nullptr;
    --next;
    if (p + n > next->first + next->second.bytes) return nullptr;
    known = allocations.size();
    return last = &*next;
}

// What happened to an address so far; null if nobody else can see it.
Cell* cell_of(uintptr_t p, size_t n) {
    if (!block) return nullptr;
    if (within(p, card, card + CARD)) {
        if (allocation_of(p, n)) return &cells[p];
        complain("out of bounds", p);
        return nullptr;
    }
    if (within(p, __start_shim_shared, __stop_shim_shared)) {
        auto next = block->shared.upper_bound(p);
        if (next != block->shared.begin() && (--next, p + n <= next->first + next->second.size()))
            return &block->shared_cells[p];
        complain("out of bounds of shared memory", p);
        return nullptr;
    }
    if (!within(p, stack_of_current(), stack_of_current() + STACK) &&
        !within(p, &__executable_start, &_end))
        complain("memory of the host", p);
    return nullptr;
}

bool conflict(const Access& other) {
    if (other.block < 0) return false;
    if (other.block != block->number) return true;
    return other.epoch == block->epoch && (other.several || other.thread != current);
}

void note(Access& last) {
    const bool again = last.block == block->number && last.epoch == block->epoch;
    last.several = again && (last.several || last.thread != current);
    last.block = block->number, last.epoch = block->epoch, last.thread = current;
}

// The memory holds what the running block sees, or what is public.
void swap_stores(Block& of) {
    for (auto& [address, store] : of.stores) {
        char here[16];
        std::memcpy(here, (void*)address, store.bytes);
        std::memcpy((void*)address, store.other, store.bytes);
        std::memcpy(store.other, here, store.bytes);
    }
}

void enter(Block& entered) {
    block = &entered, block_index = entered.index;
    for (auto& [address, values] : entered.shared)
        std::memcpy((void*)address, values.data(), values.size());
    swap_stores(entered);
}

void leave() {
    for (auto& [address, values] : block->shared)
        std::memcpy(values.data(), (void*)address, values.size());
    swap_stores(*block);
    block = nullptr;
}

// At the end of a launch all is public.
void publish_all(Block& finished) {
    for (auto& [address, store] : finished.stores)
        std::memcpy((void*)address, store.other, store.bytes);
}

void loaded(void* pointer, size_t bytes, bool is_volatile) {
    const uintptr_t address = (uintptr_t)pointer;
    Cell* cell = cell_of(address, bytes);
    if (!cell) return;
    cell->loads++;
    const Access& write = cell->write;
    if (!is_volatile) {
        if (conflict(write)) complain("race: read after write", address);
    } else if (write.block >= 0 && write.block != block->number) {
        // It has been waited for, by counting the blocks.
        if (!cell->published) complain("read of what another block has not fenced", address);
        if (!block->fenced) complain("read of what another block wrote, without a fence", address);
    }
    note(cell->read);
}

void stored(void* pointer, size_t bytes) {
    const uintptr_t address = (uintptr_t)pointer;
    Cell* cell = cell_of(address, bytes);
    if (!cell) return;
    cell->stores++;
    if (conflict(cell->write)) complain("race: write after write", address);
    if (conflict(cell->read)) complain("race: write after read", address);
    note(cell->write);
    if (!within(address, card, card + CARD)) return;
    cell->published = false;
    Store& store = block->stores[address];
    if (!store.bytes) std::memcpy(store.other, pointer, store.bytes = bytes);
    store.thread = current, store.epoch = block->epoch;
}
}  // namespace

void fence() {
    block->fenced = true;
    for (auto it = block->stores.begin(); it != block->stores.end();) {
        // Those of others too, if there was a barrier since.
        const bool seen = it->second.thread == current || it->second.epoch < block->epoch;
        if (seen) cells[it->first].published = true;
        it = seen ? block->stores.erase(it) : std::next(it);
    }
}

void atomic(void* pointer, size_t bytes) {
    const uintptr_t address = (uintptr_t)pointer;
    if (!cell_of(address, bytes)) return;
    block->stores.erase(address);  // its value stays, for all to see
    block->fenced = false;
}

void shared_array(void* pointer, size_t bytes) {
    auto& values = block->shared[(uintptr_t)pointer];
    if (values.size()) return;
    values.resize(bytes);
    std::memset(pointer, 0xA5, bytes);  // nobody may count on zeros
}

int copy(void* to, const void* from, size_t bytes, int kind) {
    called(kind == cudaMemcpyDeviceToHost ? "copies to the host" : "copies to the card");
    const bool fits =
        (kind == cudaMemcpyDeviceToHost || !bytes || allocation_of((uintptr_t)to, bytes)) &&
        (kind == cudaMemcpyHostToDevice || !bytes || allocation_of((uintptr_t)from, bytes));
    if (!fits) {
        fprintf(stderr, "ERROR shim: a copy of %zu bytes is out of bounds\n", bytes);
        exit(3);
    }
    std::memcpy(to, from, bytes);
    return 0;
}

void* allocate(size_t bytes, const char* name) {
    called("allocations");
    if (!card) {
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        card = (char*)mmap(nullptr, CARD, PROT_READ | PROT_WRITE, flags, -1, 0);
        card_end = card + ZONE;
    }
    char* pointer = card_end;
    card_end += (bytes / ZONE + 2) * ZONE;  // no address is used twice
    if (card == MAP_FAILED || card_end > card + CARD) {
        fprintf(stderr, "ERROR shim: out of memory\n");
        exit(3);
    }
    std::memset(pointer, 0xA5, bytes);
    std::string text(name);
    text = text.substr(text.find_last_of('&') + 1);
    allocations[(uintptr_t)pointer] = {bytes, text};
    return pointer;
}

void release(void* pointer) {
    auto found = allocations.find((uintptr_t)pointer);
    if (found == allocations.end()) return;
    called("releases");
    const uintptr_t page = 4096, end = found->first + found->second.bytes;
    const uintptr_t first = (found->first + page - 1) / page * page;
    if (end > first) madvise((void*)first, (end - first) / page * page, MADV_DONTNEED);
    allocations.erase(found);
}
}  // namespace shim

// The generated files are compiled with -fsanitize=thread, which calls a function of
// this file (not GCC's library) before every load and store.
#define HOOKS(n)                                                                     \
    extern "C" void __tsan_read##n(void* p) { shim::loaded(p, n, false); }            \
    extern "C" void __tsan_write##n(void* p) { shim::stored(p, n); }                  \
    extern "C" void __tsan_unaligned_read##n(void* p) { shim::loaded(p, n, false); }  \
    extern "C" void __tsan_unaligned_write##n(void* p) { shim::stored(p, n); }        \
    extern "C" void __tsan_volatile_read##n(void* p) { shim::loaded(p, n, true); }    \
    extern "C" void __tsan_volatile_write##n(void* p) { shim::stored(p, n); }
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
