// What a libpq connection string says, read by libpq itself.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace auxeira::api {

using ConnectionOptions = std::map<std::string, std::string>;

// What the string says and nothing else, by keyword; nothing when it is none.
std::optional<ConnectionOptions> connection_options(const std::string& dsn);

// A server on a network that nobody checks to be the right one, and the sslmode it is reached with.
struct UnverifiedServer {
    std::string host;
    std::string sslmode;
};

// The first such server that libpq would try, the defaults of the environment included. Servers of this
// machine are none: what is said to them passes no network.
std::optional<UnverifiedServer> unverified_server(const std::string& dsn);

} // namespace auxeira::api
