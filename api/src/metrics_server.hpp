// Gives the metrics to Prometheus, on a port of their own and from a thread of its own: they must be there
// when everything else is stuck, and are not for clients of the API.
#pragma once

#include "descriptor.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace auxeira::api {

class MetricsServer {
public:
    using Page = std::function<std::string()>;

    explicit MetricsServer(Page page) : page_(std::move(page)) {}
    ~MetricsServer() { stop(); }
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

    // Throws when the address cannot be had. Returns the port.
    std::uint16_t listen(const std::string& address, std::uint16_t port);
    void stop();

private:
    void run();
    void serve(int client) const;

    const Page page_;
    Descriptor listening_;
    Descriptor wake_;
    std::thread thread_;
};

} // namespace auxeira::api
