// Gives the metrics to Prometheus, on a port of their own and from a thread of its own: they must be there
// when everything else is stuck, and are not for clients of the API. No client waits for another.
#pragma once

#include "descriptor.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <thread>

namespace auxeira::api {

class MetricsServer {
public:
    using Page = std::function<std::string()>;

    explicit MetricsServer(Page page);
    ~MetricsServer();
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

    // Throws when the address cannot be had. Returns the port.
    std::uint16_t listen(const std::string& address, std::uint16_t port);
    void stop();

private:
    class Client;

    void run();
    void advance_all();
    void welcome();

    const Page page_;
    Descriptor listening_;
    Descriptor wake_;
    std::list<Client> clients_; // as they came
    std::thread thread_;
};

} // namespace auxeira::api
