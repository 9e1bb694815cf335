// The session settings of the extension. Identity settings can be set by superusers and by auxeira.call
// only (PGC_SUSET): a user of SQL cannot change who they are.
#pragma once

#include "boundary/door.hpp"

namespace auxeira::functions {

// Who a call runs as. All texts are empty when there is nobody; lists are `uuid,uuid,...`.
struct Identity {
    const char* user_id = "";
    const char* user_type = "";
    const char* session_id = "";
    const char* org_id = "";           // the organization that reads and writes concern by default
    const char* org_ids = "";          // those whose rows may be read
    const char* writable_org_ids = ""; // those whose rows may be written
    const char* request_id = "";
};

// Registers the settings; called once, when the library is loaded.
void define_settings();

// Changes any setting until the current setting level ends (see NewGUCNestLevel), as the SET clause of a
// function does.
void set_for_level(const char* name, const char* value);

// Gives the rest of the current setting level this identity.
void assume_identity(const Identity& identity);

// 'reweight' or 'zero': what a missing component does to a score.
const char* sse_missing_policy();

// The HTTP status an API function asked for in place of its usual one; 0 when it did not.
int response_status();

// For the rest of the current setting level.
void clear_response_status();

} // namespace auxeira::functions
