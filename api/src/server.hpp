// Listening: what is used of Pistache, and how it is ended.
#pragma once

#include "connection.hpp"
#include "doorbell.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace auxeira::api {

class Server {
public:
    Server(Application& application, Sender& sender, std::size_t max_connections);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Throws when the address cannot be had. Returns the port.
    std::uint16_t listen(const std::string& address, std::uint16_t port);

    // From now on connections end with the next answer, so that clients go where new ones lead.
    void retire() { traffic_->draining = true; }

    // Refuses new connections, lets the requests under way be answered. False when some were not.
    bool drain(std::chrono::milliseconds limit);

    void stop();

    const Traffic& traffic() const { return *traffic_; }

private:
    struct Endpoint; // Pistache's

    std::shared_ptr<Traffic> traffic_;
    std::size_t max_connections_;
    std::unique_ptr<Endpoint> endpoint_;
    std::unique_ptr<Doorbell> doorbell_;
    int listening_ = -1;
};

} // namespace auxeira::api
