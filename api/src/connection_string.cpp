#include "connection_string.hpp"

#include "socket_address.hpp"
#include "url.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>

namespace auxeira::api {

namespace {

using LibpqOptions = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

ConnectionOptions options_of(const LibpqOptions& list) {
    ConnectionOptions options;
    for (const PQconninfoOption* option = list.get(); option != nullptr && option->keyword != nullptr;
         ++option)
        if (option->val != nullptr) options[option->keyword] = option->val;
    return options;
}

// What libpq takes for what the string leaves out. What a service file says only libpq knows.
ConnectionOptions defaults_beside(const ConnectionOptions& given) {
    const auto service = given.find("service");
    if (service != given.end()) return {{"hostaddr", "service " + service->second}};
    return options_of(LibpqOptions(PQconndefaults(), PQconninfoFree));
}

// By a socket file or the loopback interface.
bool is_of_this_machine(const std::string& host) {
    return host.empty() || host.starts_with('/') || host.starts_with('@') || is_loopback(host);
}

// Where libpq connects to: an address goes before the name beside it.
std::vector<std::string> servers_of(ConnectionOptions& options) {
    const auto names = split(options["host"], ',');
    const auto addresses = split(options["hostaddr"], ',');
    std::vector<std::string> servers(std::max(names.size(), addresses.size()));
    for (std::size_t i = 0; i < servers.size(); ++i) {
        if (i < names.size()) servers[i] = names[i];
        if (i < addresses.size() && !addresses[i].empty()) servers[i] = addresses[i];
    }
    return servers;
}

} // namespace

std::optional<ConnectionOptions> connection_options(const std::string& dsn) {
    const LibpqOptions parsed(PQconninfoParse(dsn.c_str(), nullptr), PQconninfoFree);
    if (!parsed) return std::nullopt;
    return options_of(parsed);
}

std::optional<UnverifiedServer> unverified_server(const std::string& dsn) {
    ConnectionOptions options = connection_options(dsn).value_or(ConnectionOptions());
    options.merge(defaults_beside(options));
    const std::string& sslmode = options["sslmode"];
    if (sslmode == "verify-full" || sslmode == "verify-ca") return std::nullopt;
    for (const std::string& server : servers_of(options))
        if (!is_of_this_machine(server)) return UnverifiedServer{server, sslmode};
    return std::nullopt;
}

} // namespace auxeira::api
