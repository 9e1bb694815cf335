// Who makes a change, as the ledger knows them: a row of auxeira.ledger_actors, and what leaves say of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ledger/metadata.hpp"

namespace auxeira::functions {

struct Actor {
    std::int64_t id;
    std::optional<ledger::Uuid> organization, user, session;
    std::string role, login, address; // empty for none
};

// The actor's part of the metadata of a change; the views are of the actor.
void put_actor(ledger::Metadata& metadata, const Actor& actor);

// Of the statement that runs. Adds a row when this connection has not met them yet. The reference holds until
// the next call.
const Actor& current_actor();

} // namespace auxeira::functions
