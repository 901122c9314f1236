// Random numbers of the shim: reproducible, and different from those of curand.
#pragma once
#define CURAND_H_
#include <cstdlib>
#include <random>
enum curandStatus_t {
    CURAND_STATUS_SUCCESS, CURAND_STATUS_VERSION_MISMATCH, CURAND_STATUS_NOT_INITIALIZED,
    CURAND_STATUS_ALLOCATION_FAILED, CURAND_STATUS_TYPE_ERROR, CURAND_STATUS_OUT_OF_RANGE,
    CURAND_STATUS_LENGTH_NOT_MULTIPLE, CURAND_STATUS_DOUBLE_PRECISION_REQUIRED,
    CURAND_STATUS_LAUNCH_FAILURE, CURAND_STATUS_PREEXISTING_FAILURE,
    CURAND_STATUS_INITIALIZATION_FAILED, CURAND_STATUS_ARCH_MISMATCH,
    CURAND_STATUS_INTERNAL_ERROR
};
typedef std::mt19937_64* curandGenerator_t;
const int CURAND_RNG_PSEUDO_DEFAULT = 0;
inline curandStatus_t curandCreateGenerator(curandGenerator_t* g, int) { *g = new std::mt19937_64; return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandDestroyGenerator(curandGenerator_t g) { delete g; return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t g, unsigned long long s) { g->seed(s); return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandSetGeneratorOffset(curandGenerator_t, unsigned long long) { return CURAND_STATUS_SUCCESS; }
// Whether the next numbers are refused, to see who notices.
inline bool shim_refuses() {
    static int left = std::getenv("SHIM_CURAND_LASTS") ? std::atoi(std::getenv("SHIM_CURAND_LASTS")) : -1;
    return left >= 0 && left-- == 0;
}
inline curandStatus_t curandGenerateUniform(curandGenerator_t g, float* p, size_t n) {
    if (shim_refuses()) return CURAND_STATUS_LAUNCH_FAILURE;
    for (size_t i = 0; i < n; i++) p[i] = ((*g)() >> 40) * 0x1p-24f;
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandGenerateNormal(curandGenerator_t g, float* p, size_t n, float mean, float deviation) {
    if (shim_refuses()) return CURAND_STATUS_LAUNCH_FAILURE;
    std::normal_distribution<float> normal(mean, deviation);
    for (size_t i = 0; i < n; i++) p[i] = normal(*g);
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandGeneratePoisson(curandGenerator_t g, unsigned* p, size_t n, double mean) {
    std::poisson_distribution<unsigned> poisson(mean);
    for (size_t i = 0; i < n; i++) p[i] = poisson(*g);
    return CURAND_STATUS_SUCCESS;
}
