#include "log.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <thread>

namespace auxeira::api {

namespace {

constexpr std::array<std::string_view, 4> level_names = {"debug", "info", "warn", "error"};
constexpr std::size_t buffer_limit = 4UL * 1024 * 1024;
constexpr std::chrono::milliseconds gathering{10};

void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return; // nobody reads the log any more
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string format(Level level, std::string_view message, const JsonObject& fields) {
    JsonObject line;
    line.text("time", timestamp()).text("level", level_names[static_cast<std::size_t>(level)]);
    line.text("message", message).members(fields);
    return std::move(line).str() + '\n';
}

class Writer {
public:
    void start() {
        const std::lock_guard lock(mutex_);
        running_ = true;
        thread_ = std::thread([this] { run(); });
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            if (!running_) return;
            running_ = false;
        }
        changed_.notify_one();
        stopped_.notify_one();
        thread_.join();
    }

    void add(const std::string& line) {
        const std::lock_guard lock(mutex_);
        if (!running_) return write_all(line);
        if (buffer_.size() + line.size() > buffer_limit) {
            ++dropped_;
            return;
        }
        const bool was_empty = buffer_.empty();
        buffer_ += line;
        if (was_empty) changed_.notify_one();
    }

private:
    void run() {
        std::string batch;
        std::unique_lock lock(mutex_);
        while (running_ || !buffer_.empty()) {
            changed_.wait(lock, [this] { return !running_ || !buffer_.empty(); });
            // Many lines in one write: a write for each would cost more than the requests.
            stopped_.wait_for(lock, gathering, [this] { return !running_; });
            batch.swap(buffer_);
            if (dropped_ > 0)
                batch += format(Level::warn, "log lines dropped", JsonObject().number("count", dropped_));
            dropped_ = 0;
            lock.unlock();
            write_all(batch);
            batch.clear();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::condition_variable stopped_;
    std::string buffer_;
    std::int64_t dropped_ = 0;
    bool running_ = false;
    std::thread thread_;
};

Writer writer;
std::atomic<Level> threshold_level{Level::info};

} // namespace

void set_log_level(Level threshold) {
    threshold_level = threshold;
}

void start_log(Level threshold) {
    set_log_level(threshold);
    writer.start();
}

void stop_log() {
    writer.stop();
}

void log_line(Level level, std::string_view message, const JsonObject& fields) noexcept {
    if (level < threshold_level.load(std::memory_order_relaxed)) return;
    try {
        writer.add(format(level, message, fields));
    } catch (...) { // out of memory: a lost line is the least harm
    }
}

void log_current_exception(std::string_view message, std::string_view request_id) noexcept {
    JsonObject fields;
    try {
        if (!request_id.empty()) fields.text("requestId", request_id);
        throw;
    } catch (const std::exception& error) {
        log_line(Level::error, message, fields.text("reason", error.what()));
    } catch (...) {
        log_line(Level::error, message, fields);
    }
}

std::string timestamp() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::string fraction = std::to_string(milliseconds % 1000);
    fraction.insert(0, 3 - fraction.size(), '0');
    return std::string(text.data(), length) + '.' + fraction + 'Z';
}

} // namespace auxeira::api
