// Enough of CUDA to run generated programs on the processor, thread by thread.
//
// A few blocks take turns, and the threads of a block run from one barrier to the next,
// both in an order drawn at random. Included before everything else; the launches have
// been rewritten to calls of shim::launch, and shared arrays are made known.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
// All in one section, apart from each other.
#define __shared__ static __attribute__((section("shim_shared"), aligned(64)))
#define SHIM_UNWATCHED __attribute__((no_sanitize("thread")))
#define SHIM_UNSEEN __attribute__((no_sanitize("thread"), noinline))

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

namespace shim {
extern dim3 thread_index, block_index, block_size, grid_size;
void run(const char* name, dim3 grid, dim3 block, void (*body)(void*), void* context);
void barrier();
void fence();
// Before an atomic operation.
void atomic(void* pointer, size_t bytes);
// Exchange 8 bytes with the threads of a warp.
const uint64_t* warp_exchange(uint64_t mine);
// Where a block has a shared array, which is garbage at first.
void shared_array(void* pointer, size_t bytes);
void* allocate(size_t bytes, const char* name);
void release(void* pointer);
// Copies from and to the card, which the card's memory has to have room for.
int copy(void* to, const void* from, size_t bytes, int kind);
// Count what the program asks of the card.
void called(const char* name);

// What is launched into a stream while it is captured, to be launched again and again.
typedef std::vector<std::function<void()>>* Graph;
struct StreamOf { Graph captured = nullptr; };
typedef StreamOf* Stream;

// Arguments are evaluated once, by the host.
template <class F, class... A>
SHIM_UNSEEN void launch(const char* name, dim3 grid, dim3 block, Stream stream, F kernel, A... arguments) {
    if (stream && stream->captured) {
        stream->captured->push_back([=] { launch(name, grid, block, nullptr, kernel, arguments...); });
        return;
    }
    auto body = [&]() SHIM_UNWATCHED { kernel(arguments...); };
    using Body = decltype(body);
    run(name, grid, block, [](void* context) SHIM_UNWATCHED { (*(Body*)context)(); }, &body);
}
}  // namespace shim

#define threadIdx shim::thread_index
#define blockIdx shim::block_index
#define blockDim shim::block_size
#define gridDim shim::grid_size

#define __syncthreads() shim::barrier()
#define __threadfence() shim::fence()
#define __popc(x) __builtin_popcount(x)
#define __dmul_rn(x, y) ((double)(x) * (double)(y))

SHIM_UNSEEN inline unsigned __ballot_sync(unsigned, bool set) {
    const uint64_t* all = shim::warp_exchange(set);
    unsigned bits = 0;
    for (int lane = 0; lane < 32; lane++) bits |= unsigned(all[lane] != 0) << lane;
    return bits;
}

template <class T>
SHIM_UNSEEN T __shfl_down_sync(unsigned, T value, int distance) {
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    const int lane = threadIdx.x % 32;
    const uint64_t* all = shim::warp_exchange(bits);
    bits = all[lane + distance < 32 ? lane + distance : lane];
    std::memcpy(&value, &bits, sizeof(T));
    return value;
}

template <class T, class U>
SHIM_UNSEEN T atomicAdd(T* p, U v) { shim::atomic(p, sizeof(T)); T old = *p; *p = old + v; return old; }
template <class T, class U>
SHIM_UNSEEN T atomicOr(T* p, U v) { shim::atomic(p, sizeof(T)); T old = *p; *p = old | v; return old; }
template <class T>
SHIM_UNSEEN T atomicCAS(T* p, T expected, T v) {
    shim::atomic(p, sizeof(T));
    T old = *p;
    if (old == expected) *p = v;
    return old;
}
template <class To, class From>
SHIM_UNSEEN To shim_bits(From from) {
    To to;
    std::memcpy(&to, &from, sizeof(To));
    return to;
}
#define __float_as_int shim_bits<int, float>
#define __int_as_float shim_bits<float, int>
#define __double_as_longlong shim_bits<unsigned long long, double>
#define __longlong_as_double shim_bits<double, unsigned long long>

typedef int cudaError;
typedef int cudaError_t;
const int cudaSuccess = 0, cudaLimitMallocHeapSize = 0, cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3;
struct cudaDeviceProp {
    int multiProcessorCount = 4, maxThreadsPerBlock = 1024;
    int maxThreadsPerMultiProcessor = 2048, warpSize = 32;
    size_t sharedMemPerBlock = 49152;
};
struct cudaFuncAttributes {
    int maxThreadsPerBlock = 1024, numRegs = 0;
    size_t sharedSizeBytes = 0, localSizeBytes = 0, constSizeBytes = 0;
};
inline const char* cudaGetErrorString(int) { return "error"; }
inline int cudaGetLastError() { return 0; }
inline int cudaDeviceSynchronize() { shim::called("synchronisations"); return 0; }
inline int cudaSetDevice(int) { return 0; }
inline int cudaProfilerStop() { return 0; }
inline int cudaDeviceSetLimit(int, size_t) { return 0; }
inline int cudaGetDeviceProperties(cudaDeviceProp* p, int) { *p = cudaDeviceProp(); return 0; }
inline int cudaMemGetInfo(size_t* free, size_t* all) { *free = *all = size_t(1) << 33; return 0; }
inline int cudaMemcpy(void* to, const void* from, size_t n, int kind) { return shim::copy(to, from, n, kind); }
inline int cudaMemset(void* p, int v, size_t n) { std::string bytes(n, v); return shim::copy(p, bytes.data(), n, cudaMemcpyHostToDevice); }
inline int cudaFree(void* p) { shim::release(p); return 0; }
#define cudaMalloc(pointer, bytes) (*(pointer) = shim::allocate(bytes, #pointer), 0)
typedef shim::Stream cudaStream_t;
typedef shim::Graph cudaGraph_t, cudaGraphExec_t;
const int cudaStreamCaptureModeRelaxed = 2;
inline int cudaStreamCreate(cudaStream_t* s) { *s = new shim::StreamOf; return 0; }
inline int cudaStreamSynchronize(cudaStream_t) { shim::called("synchronisations"); return 0; }
inline int cudaStreamBeginCapture(cudaStream_t s, int) { s->captured = new std::vector<std::function<void()>>; return 0; }
inline int cudaStreamEndCapture(cudaStream_t s, cudaGraph_t* g) { *g = s->captured; s->captured = nullptr; return 0; }
inline int cudaGraphInstantiateWithFlags(cudaGraphExec_t* e, cudaGraph_t g, int) { *e = new std::vector<std::function<void()>>(*g); return 0; }
inline int cudaGraphDestroy(cudaGraph_t g) { delete g; return 0; }
inline int cudaGraphExecDestroy(cudaGraphExec_t e) { delete e; return 0; }
int cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t);
template <class T>
int cudaMemcpyToSymbol(T& symbol, const void* from, size_t n) { std::memcpy(&symbol, from, n); return 0; }
template <class F>
int cudaFuncGetAttributes(cudaFuncAttributes* a, F*) { *a = cudaFuncAttributes(); return 0; }
template <class F>
int cudaOccupancyMaxPotentialBlockSize(int* blocks, int* threads, F*, size_t, int) {
    *blocks = 4; *threads = 64; return 0;
}
template <class F>
int cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, F*, int, size_t) { *blocks = 1; return 0; }
using std::min;
using std::max;
