// One client connection: reads requests one after the other and answers them in that order.
//
// Whoever holds the turn owns the parser and may write: the IO thread while it reads, then whichever
// thread has the exchange, until its answer has been sent. Input that arrives meanwhile is kept, within a
// bound, and read by the thread that gives the turn back. A thread other than the IO thread only ever
// uses a duplicate of the socket: the library closes its own descriptor without notice, and the kernel
// then gives the number to another client.
#pragma once

#include "exchange.hpp"
#include "sender.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace auxeira::api {

// Shared by all connections.
struct Traffic {
    Traffic(Application& to, Sender& slow, int first_duplicate_fd)
        : application(to), sender(slow), first_duplicate(first_duplicate_fd) {}

    Application& application;
    Sender& sender;
    // Duplicates are numbered from here: the library picks a connection's thread by the parity of its
    // number, and must not be left with every second one.
    const int first_duplicate;
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> turned_away{0};
    std::atomic<std::size_t> connections{0};
    std::atomic<std::size_t> in_flight{0};
    std::atomic<std::size_t> body_bytes{0};
    std::atomic<bool> draining{false};
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<Traffic> traffic, std::string address);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // From the IO thread that owns the socket. True when the client's time to send a request starts anew.
    bool input(std::string_view data, int socket) noexcept;

    // From the thread that has the exchange.
    void finish(Exchange& exchange, Response& response) noexcept;
    std::string hand_over(Exchange& exchange, Response& response);

private:
    // The socket as the current thread may use it; `owned` when it is a duplicate.
    struct Channel {
        int socket = -1;
        Descriptor owned;
    };

    // What becomes of input that has just arrived.
    enum class Turn { taken, kept, discarded };

    Turn take_turn(std::string_view data, int socket);
    void discard(std::size_t bytes, int socket);

    // These run in the turn. The bool is false when the turn was passed on or the connection is at its end.
    void run(std::string_view data, Channel& channel);
    bool step(std::string_view& data, Channel& channel);
    bool plan_body(std::string_view& data, Channel& channel);
    bool dispatch(std::string_view& data, Channel& channel);
    bool refuse(Channel& channel, const Refusal& refusal);
    bool deliver(Channel& channel, Exchange& exchange, Response& response);
    bool deliver_slowly(const Channel& channel, std::string rest, bool keep_alive, Exchange& exchange);
    bool after_answer(int socket, bool keep_alive);
    void sent_slowly(Descriptor socket, bool keep_alive) noexcept;
    bool abandon(int socket) noexcept;
    Descriptor duplicate(int socket) const; // empty when there are no descriptors left

    const std::shared_ptr<Traffic> traffic_;
    const std::string address_;

    // Owned by the holder of the turn.
    ExchangePtr exchange_;
    std::unique_ptr<RequestParser> parser_;
    std::size_t served_ = 0;

    std::mutex mutex_;
    bool turn_taken_ = false;
    bool closing_ = false;
    std::string kept_;
    std::size_t discarded_ = 0;
};

} // namespace auxeira::api
