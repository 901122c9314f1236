#pragma once
struct curandState { int unused; };
inline void curand_init(unsigned long long, int, int, curandState*) {}
inline unsigned curand_poisson(curandState*, double) { return 0; }
