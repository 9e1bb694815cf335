// A bounded queue between threads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace auxeira::api {

template <typename T>
class Queue {
public:
    explicit Queue(std::size_t limit) : limit_(limit) {}

    // False when the queue is full or closed; the item is then untouched.
    bool push(T&& item) {
        {
            const std::lock_guard lock(mutex_);
            if (closed_ || items_.size() >= limit_) return false;
            items_.push_back(std::move(item));
        }
        filled_.notify_one();
        return true;
    }

    // Nothing after the time has passed, or once the queue is closed and empty.
    std::optional<T> pop(std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        filled_.wait_for(lock, patience, [this] { return closed_ || !items_.empty(); });
        if (items_.empty()) return std::nullopt;
        T item = std::move(items_.front());
        items_.pop_front();
        return item;
    }

    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return items_.size();
    }

    void close() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
        }
        filled_.notify_all();
        ended_.notify_all();
    }

    // Waits without taking anything; true as soon as the queue is closed.
    bool closed_within(std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        return ended_.wait_for(lock, patience, [this] { return closed_; });
    }

private:
    const std::size_t limit_;
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::condition_variable ended_;
    std::deque<T> items_;
    bool closed_ = false;
};

} // namespace auxeira::api
