// Prepared statements of the extension's own, and the role they run as.
#pragma once

#include <string>

#include "boundary/door.hpp"

extern "C" {
#include "executor/spi.h"
}

namespace auxeira::functions {

// A plan that lives as long as the session.
SPIPlanPtr prepare_kept(const std::string& statement, int count, Oid* types);

// Runs a plan that gives at most one row; true when there is one.
bool fetch_row(SPIPlanPtr plan, Datum* values, bool read_only);

// One column (from 1) of the fetched row as text; empty for NULL. Lives until the SPI connection ends.
const char* column_text(int column);

bool column_is_true(int column);

Datum text_datum(const std::string& text);

// Goes on as this role, with no way back by SET ROLE or SET SESSION AUTHORIZATION. An abort puts the old
// identity back (see AbortTransaction), which is why no destructor does.
void become(Oid role);

Oid role_named(const char* name);

// The owner of the platform until leave(), for whom names mean what they mean to the server: no schema of the
// caller's stands before it. An abort ends it, too.
class AsOwner {
public:
    AsOwner();
    void leave();

private:
    Oid role_ = InvalidOid;
    int context_ = 0;
    int settings_level_;
};

// Raises an error of the server.
[[noreturn]] void refuse(int sqlstate, const char* message, const char* hint);

} // namespace auxeira::functions
