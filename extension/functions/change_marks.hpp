// Marks that transactions leave when they change rows of an organization: see auxeira.change_marks.
#pragma once

#include <string>
#include <string_view>

#include "boundary/door.hpp"

extern "C" {
#include "utils/array.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

// The current transaction's mark, at once. Waits for nobody.
void mark_change(const std::string& table, const pg_uuid_t& organization);

// The marks of organizations in a table, one after the other, as the active snapshot has them.
std::string_view marks_of(std::string_view table, const ArrayType* organizations);

// Whether a trigger leaves marks. For rows of one organization it has nothing to do after the first.
bool is_marking_trigger(Oid function);

} // namespace auxeira::functions
