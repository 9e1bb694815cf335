// The table of endpoints, and the search in it.
#pragma once

#include "url.hpp"

#include <span>
#include <string>
#include <string_view>

namespace auxeira::api {

// Who answers: the database through auxeira.call, the shim itself, or the account flows.
enum class Action {
    call,
    health,
    live,
    ready,
    jwks,
    file,
    events,
    register_user,
    login,
    refresh,
    change_password,
    request_reset,
    confirm_reset,
    switch_organization,
    enroll_totp,
    confirm_totp,
    renew_recovery_codes,
    disable_totp,
};

enum class Body { none, optional, required };

// Limits of bodies: `small` is fixed, the others are settings.
enum class Size { none, small, standard, metrics };

// What the shim does to a body before the database sees it.
enum class Secrets {
    none,
    mints_link,        // adds the hash and the sealed text of a new token for a link
    takes_link,        // `token` is one of those: malformed ones are refused here
    seals_credentials, // `credentials` becomes `sealedCredentials`
};

// Which limits of rates a request counts for, besides those of address, user and organization.
enum class Budget {
    ordinary, // no others
    free,     // none at all: probes
    password, // what may have a password hashed
    costly,   // what takes the database long
};

struct Route {
    std::string_view method;
    std::string_view pattern; // segments that begin with ':' are parameters
    Action action;
    const char* function; // of the SQL API
    bool needs_token;     // roles and rights are checked in the database
    Body body;
    Size size;
    bool idempotent; // may be sent again when the connection was lost before the answer came
    Secrets secrets = Secrets::none;
    Budget budget = Budget::ordinary;
    // Of an answer that is a list its name in `data`: it can be had as CSV, and page by page where there is a
    // cursor.
    const char* list = nullptr;
};

struct RouteMatch {
    const Route* route = nullptr;
    Parameters parameters;
    std::string allow; // methods of this path; empty when no route has it
    bool undecodable = false;
};

// HEAD finds the GET route.
RouteMatch find_route(std::string_view method, std::string_view path);

// The table, for whoever counts by route.
std::span<const Route> all_routes();

// The table, a line of JSON for each endpoint: for --routes.
std::string routes_listing();

} // namespace auxeira::api
