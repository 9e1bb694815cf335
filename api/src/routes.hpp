// The table of endpoints, and the search in it.
#pragma once

#include "url.hpp"

#include <string>
#include <string_view>

namespace auxeira::api {

// Who answers: the database through auxeira.call, the account flows, or the shim itself.
enum class Action { call, health, register_user, login, refresh, live, ready };

enum class Body { none, optional, required };

// Limits of bodies: `small` is fixed, the others are settings.
enum class Size { none, small, standard, metrics };

struct Route {
    std::string_view method;
    std::string_view pattern; // segments that begin with ':' are parameters
    Action action;
    const char* function; // of the SQL API
    bool needs_token;     // roles and rights are checked in the database
    Body body;
    Size size;
    bool idempotent; // may be sent again when the connection was lost before the answer came
};

struct RouteMatch {
    const Route* route = nullptr;
    Parameters parameters;
    std::string allow; // methods of this path; empty when no route has it
    bool undecodable = false;
};

// HEAD finds the GET route.
RouteMatch find_route(std::string_view method, std::string_view path);

} // namespace auxeira::api
