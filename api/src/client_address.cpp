#include "client_address.hpp"

#include "encoding.hpp"
#include "url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace auxeira::api {

namespace {

constexpr std::string_view forwarded_field = "x-forwarded-for";
constexpr std::array<std::uint8_t, 12> v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned v4_prefix_bits = 8 * v4_prefix.size();

// Digits only, at most the limit.
std::optional<unsigned> small_number(std::string_view text, unsigned limit) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value > limit) return std::nullopt;
    return value;
}

bool is_port(std::string_view text) {
    return small_number(text, 65535).has_value();
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

// [IPv6] or [IPv6]:port
std::optional<IpAddress> bracketed_hop(std::string_view entry) {
    const std::size_t end = entry.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = entry.substr(end + 1);
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
    const std::string_view inside = entry.substr(1, end - 1);
    return inside.find(':') == std::string_view::npos ? std::nullopt : IpAddress::from_text(inside);
}

// An entry of the field, as proxies write it.
std::optional<IpAddress> hop(std::string_view entry) {
    if (entry.starts_with('[')) return bracketed_hop(entry);
    const std::size_t colon = entry.find(':');
    const bool has_port = colon != std::string_view::npos && colon == entry.rfind(':');
    if (!has_port) return IpAddress::from_text(entry);
    if (!is_port(entry.substr(colon + 1))) return std::nullopt;
    return IpAddress::from_text(entry.substr(0, colon));
}

} // namespace

std::optional<IpAddress> IpAddress::from_text(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> copy{}; // with an end, as inet_pton wants it
    if (text.size() >= copy.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
    std::copy(text.begin(), text.end(), copy.begin());
    IpAddress address;
    if (inet_pton(AF_INET6, copy.data(), address.bytes_.data()) == 1) return address;
    std::copy(v4_prefix.begin(), v4_prefix.end(), address.bytes_.begin());
    if (inet_pton(AF_INET, copy.data(), &address.bytes_[v4_prefix.size()]) == 1) return address;
    return std::nullopt;
}

bool IpAddress::is_v4() const {
    return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes_.begin());
}

std::string IpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_v4())
        inet_ntop(AF_INET, &bytes_[v4_prefix.size()], text.data(), text.size());
    else
        inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
    return text.data();
}

bool IpAddress::has_prefix_of(const IpAddress& other, unsigned bits) const {
    const std::size_t whole = bits / 8;
    if (!std::equal(bytes_.begin(), bytes_.begin() + whole, other.bytes_.begin())) return false;
    const unsigned rest = bits % 8;
    return rest == 0 || (bytes_[whole] ^ other.bytes_[whole]) >> (8 - rest) == 0;
}

bool IpAddress::is_zero_after(unsigned bits) const {
    const std::size_t whole = (bits + 7) / 8;
    const unsigned rest = bits % 8;
    if (rest != 0 && (bytes_[bits / 8] & (0xFFU >> rest)) != 0) return false;
    return std::all_of(bytes_.begin() + whole, bytes_.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::string IpAddress::network() const {
    constexpr std::size_t half = 8;
    return {reinterpret_cast<const char*>(bytes_.data()), is_v4() ? bytes_.size() : half};
}

std::string network_of(const std::string& text) {
    const auto address = IpAddress::from_text(text);
    return address ? address->network() : text;
}

std::string usual_address(std::string text) {
    const auto address = IpAddress::from_text(text);
    return address ? address->text() : text;
}

std::optional<TrustedProxies> TrustedProxies::from_list(const std::string& text) {
    TrustedProxies proxies;
    if (text.empty()) return proxies;
    for (const std::string_view entry : split(text, ',')) {
        const auto read = network(entry);
        if (!read) return std::nullopt;
        proxies.networks_.push_back(*read);
    }
    return proxies;
}

std::optional<TrustedProxies::Network> TrustedProxies::network(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::from_text(text.substr(0, slash));
    if (!address) return std::nullopt;
    if (slash == std::string_view::npos) return Network{*address, 128};
    const bool is_dotted = text.substr(0, slash).find(':') == std::string_view::npos;
    const auto bits = small_number(text.substr(slash + 1), is_dotted ? 32 : 128);
    if (!bits) return std::nullopt;
    const unsigned all_bits = *bits + (is_dotted ? v4_prefix_bits : 0);
    // Whom everybody is trusted by believes what every client writes.
    const bool is_everybody = all_bits == 0 || (address->is_v4() && all_bits <= v4_prefix_bits);
    if (is_everybody || !address->is_zero_after(all_bits)) return std::nullopt;
    return Network{*address, all_bits};
}

// A short prefix of IPv6 does not reach into the mapped IPv4 addresses.
bool TrustedProxies::trusts(const IpAddress& address) const {
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        return address.is_v4() == network.address.is_v4() &&
               address.has_prefix_of(network.address, network.bits);
    });
}

std::optional<std::string> TrustedProxies::client(const std::string& peer,
                                                  const std::vector<HeaderField>& fields) const {
    if (empty()) return std::nullopt;
    const auto speaker = IpAddress::from_text(peer);
    if (!speaker || !trusts(*speaker)) return std::nullopt;
    std::optional<IpAddress> client;
    for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
        if (field->name.size() != forwarded_field.size() || lower(field->name) != forwarded_field) continue;
        if (!go_back(field->value, client)) break;
    }
    if (!client) return std::nullopt;
    return client->text();
}

// What stands left of a hop was said by that hop, so that the first one that is not trusted ends the search.
// So does an empty entry: who skipped it could come upon one that the client wrote.
bool TrustedProxies::go_back(std::string_view list, std::optional<IpAddress>& client) const {
    const std::vector<std::string_view> entries = split(list, ',');
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        const auto next = hop(trimmed(*entry));
        if (!next) return false;
        client = next;
        if (!trusts(*next)) return false;
    }
    return true;
}

} // namespace auxeira::api
