// Where a client is. Behind a proxy every connection comes from the proxy, which says in X-Forwarded-For whom
// it speaks for; a client can write that field, too, so that it counts only as far as trusted hops wrote it.
#pragma once

#include "request.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auxeira::api {

// An IPv4 or IPv6 address. IPv4 is kept in its IPv6-mapped form, so that both forms of an address are one.
class IpAddress {
public:
    // Nothing when the text is neither, or has a zone, a port or brackets.
    static std::optional<IpAddress> from_text(std::string_view text);

    bool is_v4() const;
    // The usual form: an IPv4 address with dots, IPv6 as RFC 5952 has it.
    std::string text() const;
    bool has_prefix_of(const IpAddress& other, unsigned bits) const;
    bool is_zero_after(unsigned bits) const;
    // What one client can be expected to have for itself: an IPv4 address, or 64 bits of IPv6.
    std::string network() const;

private:
    std::array<std::uint8_t, 16> bytes_{};
};

// The usual form of an address; any other text stays as it is.
std::string usual_address(std::string text);

// What limits count a client by; any text that is no address stands for itself.
std::string network_of(const std::string& address);

class TrustedProxies {
public:
    // A comma list of addresses and networks such as 10.0.0.0/8. Nothing when an entry is neither, has bits
    // behind its prefix, or would trust everybody.
    static std::optional<TrustedProxies> from_list(const std::string& text);

    // The right-most address of X-Forwarded-For that is no trusted proxy, or the last hop before an entry
    // that is no address. Nothing when the peer is not trusted or names nobody: then the peer is the client.
    std::optional<std::string> client(const std::string& peer, const std::vector<HeaderField>& fields) const;

    bool empty() const { return networks_.empty(); }

private:
    struct Network {
        IpAddress address;
        unsigned bits = 0; // of the IPv6-mapped form
    };

    static std::optional<Network> network(std::string_view text);
    bool trusts(const IpAddress& address) const;
    // Along the hops of a list, from the right. False when the search has come to its end.
    bool go_back(std::string_view list, std::optional<IpAddress>& client) const;

    std::vector<Network> networks_;
};

} // namespace auxeira::api
