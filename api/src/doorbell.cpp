#include "doorbell.hpp"

#include "descriptor.hpp"

#include <array>
#include <cerrno>
#include <chrono>

namespace auxeira::api {

namespace {

constexpr std::chrono::milliseconds interval{100};
// At once, because the library picks the IO thread by the number of the descriptor.
constexpr std::size_t rings = 4;

// A socket on its way to the listener; it need not arrive before it is closed.
Descriptor knock(SocketAddress& at) {
    Descriptor socket(::socket(at.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const bool started = ::connect(socket.get(), at.get(), at.size) == 0 || errno == EINPROGRESS;
    return started ? std::move(socket) : Descriptor();
}

} // namespace

void Doorbell::start(const SocketAddress& address) {
    address_ = address;
    thread_ = std::thread([this] { watch(); });
}

void Doorbell::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stop_requested_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Doorbell::ring() {
    std::array<Descriptor, rings> sockets;
    for (Descriptor& socket : sockets)
        socket = knock(address_);
}

// Its own arrivals are no reason to ring again.
void Doorbell::watch() {
    std::uint64_t settled = 0;
    std::unique_lock lock(mutex_);
    while (!stop_requested_.wait_for(lock, interval, [this] { return stopping_; })) {
        const std::uint64_t heard = heard_;
        if (heard == settled) continue;
        ring();
        settled = heard + rings;
    }
}

} // namespace auxeira::api
