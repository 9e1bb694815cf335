#include "functions/volumes.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "functions/plans.hpp"
#include "functions/rights.hpp"

extern "C" {
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "utils/guc.h"
}

namespace auxeira::functions {

namespace {

// What a statement does with a table and its columns, as the server has it.
#if PG_VERSION_NUM >= 160000
using Access = RTEPermissionInfo;
#else
using Access = RangeTblEntry;
#endif

// A whole row (0) has all columns but those of the system.
constexpr int columns_of_catalogue[] = {
    0,
    Anum_pg_class_relpages,
    Anum_pg_class_reltuples,
    Anum_pg_class_relallvisible,
#if PG_VERSION_NUM >= 180000
    Anum_pg_class_relallfrozen,
#endif
};
// The place of a row tells how many there are before it.
constexpr int columns_of_tables[] = {SelfItemPointerAttributeNumber};

template <std::size_t count>
bool reads_any(const Access& access, const int (&columns)[count]) {
    return std::any_of(std::begin(columns), std::end(columns), [&](int column) {
        return bms_is_member(column - FirstLowInvalidHeapAttributeNumber, access.selectedCols);
    });
}

bool tells_volume(const Access& access) {
    if (access.relid == RelationRelationId) return reads_any(access, columns_of_catalogue);
    return access.relid >= FirstNormalObjectId && reads_any(access, columns_of_tables);
}

Datum refuse_volume(FunctionCallInfo) {
    refuse(ERRCODE_INSUFFICIENT_PRIVILEGE,
           "how large tables are is not shown to a login that sees a part of the rows",
           "Leave out relpages, reltuples, relallvisible and ctid.");
}

// pg_dump and the trees of some clients ask for sizes: a superuser may let a login that is trusted have them.
bool volumes_are_shown = false;

bool is_allowed(const List* accesses, bool raises) {
    if (volumes_are_shown) return true;
    bool tells = false;
    const ListCell* cell = nullptr;
    foreach (cell, accesses)
        tells = tells || tells_volume(*static_cast<const Access*>(lfirst(cell)));
    if (!tells || !sees_a_part()) return true;
    if (raises) boundary::enter(refuse_volume, nullptr);
    return false;
}

ExecutorCheckPerms_hook_type next_check = nullptr;

#if PG_VERSION_NUM >= 160000
bool check_permissions(List* tables, List* accesses, bool raises) {
    return is_allowed(accesses, raises) && (next_check == nullptr || next_check(tables, accesses, raises));
}
#else
bool check_permissions(List* accesses, bool raises) {
    return is_allowed(accesses, raises) && (next_check == nullptr || next_check(accesses, raises));
}
#endif

} // namespace

void withhold_volumes() {
    DefineCustomBoolVariable("auxeira.show_volumes",
                             "Whether a login that sees a part of the rows is told how large tables are.",
                             nullptr, &volumes_are_shown, false, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    next_check = ExecutorCheckPerms_hook;
    ExecutorCheckPerms_hook = check_permissions;
}

} // namespace auxeira::functions
