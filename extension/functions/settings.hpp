// The session settings of the extension. Identity settings can be set by superusers and by auxeira.call
// only (PGC_SUSET): a user of SQL cannot change who they are.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "boundary/door.hpp"

extern "C" {
#include "utils/array.h"
}

namespace auxeira::functions {

// The parts of an identity, in the order of the columns that auxeira.resolved_identity has. Those from
// `request_id` on belong to the request and not to the user.
enum class Part : std::size_t {
    user_id,
    user_type,
    session_id,
    org_id,            // the organization that reads and writes concern by default
    org_ids,           // those of the user: a viewer or more
    writable_org_ids,  // a member or more
    managed_org_ids,   // an admin or more
    owned_org_ids,     // an owner
    profile_org_ids,   // of others, those whose profile may be read
    scores_org_ids,    // of others, those that opened their scores
    metrics_org_ids,   // their metrics
    documents_org_ids, // their documents
    request_id,
    client_address,
    user_agent,
    trace_id, // of the W3C trace context
};

inline constexpr std::size_t parts_of_user = static_cast<std::size_t>(Part::request_id);
inline constexpr std::size_t parts = static_cast<std::size_t>(Part::trace_id) + 1;

// Who a statement runs as. All texts are empty when there is nobody; lists are `uuid,uuid,...`.
struct Identity {
    std::array<std::string, parts> texts;

    std::string& operator[](Part part) { return texts[static_cast<std::size_t>(part)]; }
};

// Registers the settings; called once, when the library is loaded.
void define_settings();

// Changes any setting until the current setting level ends (see NewGUCNestLevel), as the SET clause of a
// function does.
void set_for_level(const char* name, const char* value);

// Gives the rest of the current setting level this identity.
void assume_identity(const Identity& identity);

// Gives the rest of the session the user's parts of this identity, where they are not set already. To be
// asked for again at every statement: a transaction that is rolled back takes it back, and so does RESET.
void keep_identity(const Identity& identity);

// What a part of the identity is set to; empty for nothing.
const char* setting_text(Part part);

// The organizations whose rows may be read, with those that opened the scope where it is not empty: a uuid[]
// of the caller's.
ArrayType* readable_organizations(std::string_view scope);

// Grows whenever an id or a list of the identity, or the bound user, is set or goes back to what it was.
unsigned long identity_assignments();

// The user that the SQL login of this connection acts for; empty when it was bound to none.
const char* bound_user_id();

// A bit for each list of organizations that policies ask for and that has more than one.
unsigned lists_of_several();

// The list that one of the SQL functions reads: the scope itself, where it takes one. Null for any other
// function.
const char* list_read_by(PGFunction function, const char* scope);

bool has_only_one(const char* list);

// Why the statement is run, as whoever runs it says; empty for nothing.
const char* change_reason();

// Of the key that signs heads of the ledger; empty for none.
const char* ledger_key_file();

// That signed heads of the ledger are added to; empty for none.
const char* ledger_witness_file();

// 'reweight' or 'zero': what a missing component does to a score.
const char* sse_missing_policy();

// The HTTP status an API function asked for in place of its usual one; 0 when it did not.
int response_status();

// For the rest of the current setting level.
void clear_response_status();

} // namespace auxeira::functions
