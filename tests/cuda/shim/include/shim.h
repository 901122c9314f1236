// Enough of CUDA to run generated programs on the processor, thread by thread.
//
// Blocks run one after another in an order drawn at random, and so do the threads of a
// block from one barrier to the next. Included before everything else; the launches
// have been rewritten to calls of shim::launch.
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
// All in one section, which is filled with garbage when a block starts.
#define __shared__ static __attribute__((section("shim_shared")))
#define SHIM_UNSEEN __attribute__((no_sanitize("thread"), noinline))

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

namespace shim {
extern dim3 thread_index, block_index, block_size, grid_size;
void launch(const char* name, dim3 grid, dim3 block, const std::function<void()>& body);
void barrier();
// Exchange 8 bytes with the threads of a warp.
const uint64_t* warp_exchange(uint64_t mine);
void* allocate(size_t bytes, const char* name);
void release(void* pointer);
}  // namespace shim

#define threadIdx shim::thread_index
#define blockIdx shim::block_index
#define blockDim shim::block_size
#define gridDim shim::grid_size

#define __syncthreads() shim::barrier()
#define __threadfence() ((void)0)
#define __popc(x) __builtin_popcount(x)

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
SHIM_UNSEEN T atomicAdd(T* p, U v) { T old = *p; *p = old + v; return old; }
template <class T, class U>
SHIM_UNSEEN T atomicOr(T* p, U v) { T old = *p; *p = old | v; return old; }
template <class T>
SHIM_UNSEEN T atomicCAS(T* p, T expected, T v) {
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
inline int cudaDeviceSynchronize() { return 0; }
inline int cudaSetDevice(int) { return 0; }
inline int cudaProfilerStop() { return 0; }
inline int cudaDeviceSetLimit(int, size_t) { return 0; }
inline int cudaGetDeviceProperties(cudaDeviceProp* p, int) { *p = cudaDeviceProp(); return 0; }
inline int cudaMemGetInfo(size_t* free, size_t* all) { *free = *all = size_t(1) << 33; return 0; }
inline int cudaMemcpy(void* to, const void* from, size_t n, int) { std::memcpy(to, from, n); return 0; }
inline int cudaMemset(void* p, int v, size_t n) { std::memset(p, v, n); return 0; }
inline int cudaFree(void* p) { shim::release(p); return 0; }
#define cudaMalloc(pointer, bytes) (*(pointer) = shim::allocate(bytes, #pointer), 0)
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
