// Vectors whose memory the shim knows as memory of the card.
#pragma once
#include "shim.h"

namespace thrust {
template <class T>
struct card_allocator {
    typedef T value_type;
    card_allocator() = default;
    template <class U> card_allocator(const card_allocator<U>&) {}
    T* allocate(size_t n) { return (T*)shim::allocate(n * sizeof(T), "vector"); }
    void deallocate(T* p, size_t) { shim::release(p); }
    bool operator==(const card_allocator&) const { return true; }
    bool operator!=(const card_allocator&) const { return false; }
};

template <class T> struct host_vector : std::vector<T> {
    using std::vector<T>::vector;
    template <class V> host_vector& operator=(const V& v) { this->assign(v.begin(), v.end()); return *this; }
};
template <class T> struct device_vector : std::vector<T, card_allocator<T>> {
    using std::vector<T, card_allocator<T>>::vector;
    template <class V> device_vector& operator=(const V& v) { this->assign(v.begin(), v.end()); return *this; }
};
template <> struct device_vector<bool>;

template <class T> T* raw_pointer_cast(T* p) { return p; }
template <class T> struct device_ptr {
    T* p;
    explicit device_ptr(T* p) : p(p) {}
    operator T*() const { return p; }
};
// Each is several launches, memory for a while and a number that the host waits for.
template <class T, class F>
long count_if(T* from, T* to, F f) {
    shim::called("calls of thrust");
    return std::count_if(from, to, f);
}
template <class T, class Out, class F>
void copy_if(device_ptr<T> from, T* to, Out out, F f) {
    shim::called("calls of thrust");
    std::copy_if(from.p, to, out, f);
}
template <class T, class F>
long count_if(device_ptr<T> from, T* to, F f) { return count_if(from.p, to, f); }
}  // namespace thrust
