// A stand-in for the driver's library, with a card that the environment describes:
// SHIM_CARD is its compute capability (9.0; empty: there is none), SHIM_DRIVER the version
// of CUDA (13000 for 13.0), SHIM_MULTIPROCESSORS how many the card has (132).
#include <stdlib.h>
#include <string.h>

static const char* card(void) {
    const char* said = getenv("SHIM_CARD");
    return said ? said : "9.0";
}
int cuDriverGetVersion(int* version) {
    const char* said = getenv("SHIM_DRIVER");
    *version = said ? atoi(said) : 13990;
    return 0;
}
int cuInit(unsigned flags) { return *card() ? flags : 100; }
int cuGetErrorName(int error, const char** name) {
    *name = error == 100 ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR_UNKNOWN";
    return 0;
}
int cuDeviceGetCount(int* n) { return *n = 1, 0; }
int cuDeviceGet(int* device, int ordinal) { return *device = ordinal, 0; }
int cuDeviceGetName(char* name, int size, int device) {
    strncpy(name, "Stand-in", size);
    return device;
}
int cuDeviceTotalMem_v2(size_t* bytes, int device) { return *bytes = 1ul << 33, device; }
int cuDevicePrimaryCtxRetain(void** context, int device) { return *context = 0, device; }
int cuCtxSetCurrent(void* context) { return context != 0; }
int cuMemGetInfo_v2(size_t* free, size_t* total) {
    *free = *total = 1ul << 32;
    return 0;
}
int cuDeviceGetAttribute(int* value, int attribute, int device) {
    const char* point = strchr(card(), '.');
    switch (attribute) {
    case 16: {
        const char* said = getenv("SHIM_MULTIPROCESSORS");
        *value = said ? atoi(said) : 132;
        break;
    }
    case 36: *value = 1000000; break;
    case 37: *value = 256; break;
    case 38: *value = 1 << 20; break;
    case 75: *value = atoi(card()); break;
    case 76: *value = atoi(point + 1); break;
    default: return 1;
    }
    return device;
}
