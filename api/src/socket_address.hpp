// A numeric IPv4 or IPv6 address as the kernel wants it.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace auxeira::api {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// Nothing when the text is neither.
std::optional<SocketAddress> socket_address(const std::string& text, std::uint16_t port);

// That a socket is bound to; 0 when it is to none.
std::uint16_t port_of(int socket);

// Whether a host, by name or address, is this machine over its loopback interface.
bool is_loopback(const std::string& host);

} // namespace auxeira::api
