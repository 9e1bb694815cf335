// What a session, an API key or a bound SQL login may touch: resolved from the tables once, kept in this
// backend until somebody's rights change anywhere.
#pragma once

#include <string>

#include "functions/settings.hpp"

namespace auxeira::functions {

struct Caller {
    Identity identity;
    bool exists = false; // false: no such session, key or user, or no longer alive
    bool is_admin = false;
    std::string scopes; // of an API key, "metrics:read,scores:write"; empty for people, who need none
};

// Each runs as the role that is current, which must be allowed to execute auxeira.resolve_*.
Caller caller_of_session(const std::string& user, const std::string& session, const std::string& version);
Caller caller_of_key(const std::string& key_hash);

// Gives every statement of a bound SQL login the identity that its user has when the statement begins.
// Called once, when the library is loaded.
void follow_bound_logins();

// Whether the current role is a member of auxeira_user, which sees a part of the rows and must not learn of
// the others.
bool sees_a_part();

} // namespace auxeira::functions
