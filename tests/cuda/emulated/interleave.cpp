// Blocks that take turns, and do not see what others have not fenced.
//
// GPU Ocelot executes the blocks of a launch one after the other. Compiled as a library
// that stands before Ocelot's, this puts its own functions in the place of six of
// Ocelot's: four blocks are under way at a time, drawn at random, and may change places
// at every access to memory, atomic operation, fence and barrier. What a block stores in
// global memory is taken out again while others run, until it fences or the launch is
// over; or it is there at once, as chance has it. SHIM_SEED is the seed.

#include <dlfcn.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <random>
#include <vector>

#include <ocelot/executive/CooperativeThreadArray.h>
#include <ocelot/executive/EmulatedKernel.h>
#include <ocelot/executive/EmulatedKernelScheduler.h>
#include <ocelot/ir/PTXInstruction.h>

using executive::CooperativeThreadArray;
using executive::CTAContext;
using ir::PTXInstruction;

namespace {

const int UNDER_WAY = 4;
const size_t STACK_BYTES = 1 << 20;
// One access in so many may change the block.
const unsigned CHANGES = 5;
// In one turn out of so many, what a block has stored is there for all when it ends.
const unsigned SHOWS = 4;

std::mt19937& generator() {
    const char* seed = getenv("SHIM_SEED");
    static std::mt19937 drawn(seed ? atoi(seed) : 1);
    return drawn;
}

// A store: where, and the bytes that are not there now, the old or the new ones.
struct Store {
    char* place;
    size_t size;
    char other[8];
    void swap() {
        char there[8];
        memcpy(there, place, size);
        memcpy(place, other, size);
        memcpy(other, there, size);
    }
};

struct Block {
    std::unique_ptr<CooperativeThreadArray> cta;
    ucontext_t context;
    std::vector<char> stack = std::vector<char>(STACK_BYTES);
    std::vector<Store> unfenced;
    std::exception_ptr error;
    bool done = false;

    void show() {
        for (auto store = unfenced.begin(); store != unfenced.end(); ++store)
            store->swap();
    }
    void hide() {
        if (generator()() % SHOWS == 0) unfenced.clear();
        for (auto store = unfenced.rbegin(); store != unfenced.rend(); ++store)
            store->swap();
    }
};

Block* running = nullptr;
ucontext_t others;
uint64_t first_pc = 0;

void change() {
    swapcontext(&running->context, &others);
}

void may_change() {
    if (running && generator()() % CHANGES == 0) change();
}

void execute() {
    try {
        running->cta->execute(first_pc);
    } catch (...) {
        running->error = std::current_exception();
    }
    running->done = true;
    change();
}

template <class F>
F original(const char* name) {
    void* found = dlsym(RTLD_NEXT, name);
    if (!found) {
        fprintf(stderr, "interleave: the emulator has no %s\n", name);
        abort();
    }
    return reinterpret_cast<F>(found);
}

using Evaluate = void (*)(CooperativeThreadArray*, CTAContext&, const PTXInstruction&);

// Ocelot's own function of this name.
#define OCELOTS(name)                                                              \
    original<Evaluate>("_ZN9executive22CooperativeThreadArray" name                \
                       "ERNS_10CTAContextERKN2ir14PTXInstructionE")

bool is_global(const PTXInstruction& instruction) {
    return instruction.addressSpace == PTXInstruction::Global ||
           instruction.addressSpace == PTXInstruction::Generic;
}

char* address(CooperativeThreadArray* cta, int thread, const ir::PTXOperand& operand) {
    uint64_t place = operand.offset;
    switch (operand.addressMode) {
        case ir::PTXOperand::Register:
        case ir::PTXOperand::Indirect:
            place += cta->getRegAsU64(thread, operand.reg);
            break;
        default:
            place += operand.imm_uint;
    }
    return reinterpret_cast<char*>(place);
}

size_t size_of(const PTXInstruction& instruction) {
    return ir::PTXOperand::bytes(instruction.type) * instruction.vec;
}

}  // namespace

namespace executive {

void EmulatedKernelScheduler::Context::executeUntilYield() {
    std::vector<ir::Dim3> waiting;
    for (int z = 0; z < gridDimensions.z; ++z)
        for (int y = 0; y < gridDimensions.y; ++y)
            for (int x = 0; x < gridDimensions.x; ++x) waiting.emplace_back(x, y, z);
    std::shuffle(waiting.begin(), waiting.end(), generator());
    std::vector<std::unique_ptr<Block>> blocks, done;
    first_pc = startingPC;
    while (!waiting.empty() || !blocks.empty()) {
        if (!waiting.empty() && blocks.size() < UNDER_WAY) {
            auto block = std::make_unique<Block>();
            block->cta.reset(new CooperativeThreadArray(
                kernel, gridDimensions, kernel->blockDim(), kernel->argumentMemorySize(),
                kernel->parameterMemorySize(), kernel->registerCount(),
                kernel->localMemorySize(), kernel->globalLocalMemorySize(),
                kernel->totalSharedMemorySize(), false));
            kernel->setCTA(block->cta.get());
            block->cta->initialize(waiting.back());
            waiting.pop_back();
            getcontext(&block->context);
            block->context.uc_stack.ss_sp = block->stack.data();
            block->context.uc_stack.ss_size = block->stack.size();
            block->context.uc_link = nullptr;
            makecontext(&block->context, execute, 0);
            blocks.push_back(std::move(block));
            continue;
        }
        size_t number = generator()() % blocks.size();
        running = blocks[number].get();
        kernel->setCTA(running->cta.get());
        running->show();
        swapcontext(&others, &running->context);
        running->hide();
        if (running->error) {
            auto error = running->error;
            running = nullptr;
            std::rethrow_exception(error);
        }
        if (running->done) {
            done.push_back(std::move(blocks[number]));
            blocks.erase(blocks.begin() + number);
        }
        running = nullptr;
    }
    for (auto& block : done) block->show();
    _yieldExit();
}

void CooperativeThreadArray::eval_St(CTAContext& context, const PTXInstruction& st) {
    static auto ocelots = OCELOTS("7eval_St");
    may_change();
    if (running && is_global(st)) {
        for (int thread = 0; thread < threadCount; ++thread) {
            if (!context.predicated(thread, st)) continue;
            char* place = address(this, thread, st.d);
            for (size_t at = 0, size = size_of(st); at < size; at += 8) {
                Store store{place + at, std::min<size_t>(8, size - at), {}};
                memcpy(store.other, store.place, store.size);
                running->unfenced.push_back(store);
            }
        }
    }
    ocelots(this, context, st);
}

void CooperativeThreadArray::eval_Ld(CTAContext& context, const PTXInstruction& ld) {
    static auto ocelots = OCELOTS("7eval_Ld");
    if (is_global(ld)) may_change();
    ocelots(this, context, ld);
}

// What all blocks see at once is no longer a block's own.
static void forget(CooperativeThreadArray* cta, CTAContext& context,
                   const PTXInstruction& atomic, const ir::PTXOperand& operand) {
    if (!running || !is_global(atomic)) return;
    for (int thread = 0; thread < cta->threadCount; ++thread) {
        if (!context.predicated(thread, atomic)) continue;
        char* place = address(cta, thread, operand);
        auto& stores = running->unfenced;
        for (size_t i = stores.size(); i--;)
            if (stores[i].place == place) stores.erase(stores.begin() + i);
    }
}

void CooperativeThreadArray::eval_Atom(CTAContext& context, const PTXInstruction& atom) {
    static auto ocelots = OCELOTS("9eval_Atom");
    may_change();
    forget(this, context, atom, atom.a);
    ocelots(this, context, atom);
    may_change();
}

void CooperativeThreadArray::eval_Membar(CTAContext& context, const PTXInstruction& bar) {
    if (running && bar.level != PTXInstruction::CtaLevel) running->unfenced.clear();
    may_change();
}

void CooperativeThreadArray::eval_Bar(CTAContext& context, const PTXInstruction& bar) {
    static auto ocelots = OCELOTS("8eval_Bar");
    ocelots(this, context, bar);
    may_change();
}

}  // namespace executive
