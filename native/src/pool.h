// The threads of one context: all do a share of the same loop, then meet.
#pragma once
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

class Pool {
  public:
    explicit Pool(int threads) : count_(threads) {
        try {
            for (int worker = 1; worker < threads; worker++) threads_.emplace_back([this, worker] { work(worker); });
        } catch (...) {  // a thread that is not joined would take the process with it
            stop();
            throw;
        }
    }
    ~Pool() { stop(); }
    int count() const { return count_; }

    // Calls share(worker, first, last) for equal parts of [0, total); returns when all are done. What one of them throws
    // is thrown again then, not before: the others still use what `share` refers to.
    template <class Share>
    void each(int total, Share &&share) {
        if (count_ == 1 || total < 2) {
            if (total > 0) share(0, 0, total);
            return;
        }
        task_ = [&](int worker) {
            int first = int64_t(total) * worker / count_, last = int64_t(total) * (worker + 1) / count_;
            if (first < last) share(worker, first, last);
        };
        busy_.store(count_ - 1, std::memory_order_relaxed);
        round_.fetch_add(1, std::memory_order_release);
        round_.notify_all();
        run(0);
        for (int tries = 0; busy_.load(std::memory_order_acquire); tries++) pause(tries);
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    }

  private:
    void stop() {
        stopping_ = true;
        round_.fetch_add(1);
        round_.notify_all();
        for (auto &thread : threads_) thread.join();
    }
    // The parts of a loop end within microseconds of each other, so spin a while before giving the core away.
    static void pause(int tries) {
        if (tries < 4096) {
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        } else {
            std::this_thread::yield();
        }
    }
    void work(int worker) {
        for (unsigned seen = 0;;) {
            for (int tries = 0; tries < 4096 && round_.load(std::memory_order_acquire) == seen; tries++) pause(tries);
            round_.wait(seen, std::memory_order_acquire);
            seen = round_.load(std::memory_order_acquire);
            if (stopping_) return;
            run(worker);
            busy_.fetch_sub(1, std::memory_order_release);
        }
    }
    void run(int worker) noexcept {
        try {
            task_(worker);
        } catch (...) {
            std::lock_guard guard(failing_);
            failure_ = std::current_exception();
        }
    }
    int count_;
    std::function<void(int)> task_;
    std::mutex failing_;
    std::exception_ptr failure_;
    std::atomic<int> busy_{0};
    std::atomic<unsigned> round_{0};
    std::atomic<bool> stopping_{false};
    std::vector<std::thread> threads_;
};
