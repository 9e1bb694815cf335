#include "sender.hpp"

#include "log.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace auxeira::api {

namespace {

constexpr std::size_t waiting_limit = 64UL * 1024 * 1024;
constexpr std::chrono::seconds stall_limit{5};
constexpr std::chrono::seconds total_limit{30};
constexpr int tick_ms = 500;

} // namespace

bool send_some(int socket, std::string_view& head, std::string_view& body) {
    while (!head.empty() || !body.empty()) {
        iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                          {const_cast<char*>(body.data()), body.size()}};
        msghdr message{};
        message.msg_iov = parts;
        message.msg_iovlen = 2;
        const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
        const std::size_t of_head = std::min(head.size(), static_cast<std::size_t>(sent));
        head.remove_prefix(of_head);
        body.remove_prefix(static_cast<std::size_t>(sent) - of_head);
    }
    return true;
}

Sender::Sender() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) throw std::runtime_error("no eventfd for the sender");
}

Sender::~Sender() {
    stop();
}

void Sender::start() {
    thread_ = std::thread([this] { run(); });
}

void Sender::stop() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    eventfd_write(wake_.get(), 1);
    thread_.join();
}

bool Sender::take(Descriptor socket, std::string rest, Done done) {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_bytes_ + rest.size() > waiting_limit) return false;
    waiting_bytes_ += rest.size();
    const auto now = Clock::now();
    arrived_.push_back({std::move(socket), std::move(rest), 0, now, now + total_limit, std::move(done)});
    eventfd_write(wake_.get(), 1);
    return true;
}

void Sender::collect(std::vector<Item>& items) {
    eventfd_t ignored = 0;
    eventfd_read(wake_.get(), &ignored);
    const std::lock_guard lock(mutex_);
    for (Item& item : arrived_)
        items.push_back(std::move(item));
    arrived_.clear();
}

void Sender::wait(const std::vector<Item>& items) {
    std::vector<pollfd> polled = {{wake_.get(), POLLIN, 0}};
    for (const Item& item : items)
        polled.push_back({item.socket.get(), POLLOUT, 0});
    ::poll(polled.data(), polled.size(), items.empty() ? -1 : tick_ms);
}

bool Sender::advance(Item& item) {
    std::string_view rest = std::string_view(item.text).substr(item.sent);
    std::string_view nothing;
    const std::size_t before = rest.size();
    const bool alive = send_some(item.socket.get(), rest, nothing);
    const auto now = Clock::now();
    if (rest.size() < before) item.last_progress = now;
    item.sent += before - rest.size();
    if (alive && rest.empty()) {
        item.done(std::move(item.socket));
        return true;
    }
    if (alive && now - item.last_progress < stall_limit && now < item.deadline) return false;
    ::shutdown(item.socket.get(), SHUT_RDWR);
    return true;
}

void Sender::run() {
    std::vector<Item> items;
    while (true) {
        try {
            wait(items);
            collect(items);
            for (Item& item : items) {
                if (!advance(item)) continue;
                const std::lock_guard lock(mutex_);
                waiting_bytes_ -= item.text.size();
                item.text.clear();
                item.text.shrink_to_fit();
                item.done = nullptr;
                item.socket = Descriptor();
            }
            std::erase_if(items, [](const Item& item) { return item.done == nullptr; });
        } catch (...) {
            log_current_exception("sender failed, trying again");
        }
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
    }
}

} // namespace auxeira::api
