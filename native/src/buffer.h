// Memory that starts at a cache line and grows without keeping what was in it.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

template <class T>
class Buffer {
  public:
    Buffer() = default;
    explicit Buffer(size_t count) { reserve(count); }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    Buffer(Buffer &&other) noexcept
        : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}
    Buffer &operator=(Buffer &&other) noexcept {
        std::swap(data_, other.data_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~Buffer() { std::free(data_); }

    // Room for `count` elements. New room is zero, so that padding never holds a NaN.
    void reserve(size_t count) {
        if (count <= capacity_) return;
        size_t bytes = (count * sizeof(T) + 63) / 64 * 64;
        void *fresh = std::aligned_alloc(64, bytes);
        if (!fresh) throw std::bad_alloc();
        std::memset(fresh, 0, bytes);
        std::free(data_);
        data_ = static_cast<T *>(fresh);
        capacity_ = bytes / sizeof(T);
    }
    T *get() { return data_; }
    const T *get() const { return data_; }
    T &operator[](size_t i) { return data_[i]; }
    const T &operator[](size_t i) const { return data_[i]; }

  private:
    T *data_ = nullptr;
    size_t capacity_ = 0;
};
