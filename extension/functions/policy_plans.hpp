// Plans for SQL logins whose user has one organization: with a policy's `org_id = any (<list>)` an index on
// `(org_id, at)` gives rows in no order, with `org_id = <its only member>` in that of `at`.
#pragma once

#include "boundary/door.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace auxeira::functions {

// Puts equalities in place of the policies' conditions on lists that have one member now; true when there was
// one. The plan must be made again when the rights of the user change: an equality with the only member of a
// longer list is an error when it is asked for. Both raise errors of the server as C code does: nothing with
// a destructor may be alive.
bool narrow_policies(Query* query);

// For this session.
void forget_narrowed_plans();

} // namespace auxeira::functions
