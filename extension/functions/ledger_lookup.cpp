#include "functions/ledger_lookup.hpp"

#include <algorithm>
#include <vector>

#include "functions/plans.hpp"

extern "C" {
#include "access/genam.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
}

namespace auxeira::functions {

namespace {

Relation open_primary_key(Relation relation, std::size_t columns) {
    const Oid index = backend([=] {
        RelationGetIndexList(relation);
        return relation->rd_pkindex;
    });
    Relation const opened =
        OidIsValid(index) ? backend([=] { return index_open(index, AccessShareLock); }) : nullptr;
    if (opened == nullptr || static_cast<std::size_t>(opened->rd_index->indnkeyatts) != columns) {
        refuse(ERRCODE_FEATURE_NOT_SUPPORTED, "the primary key is not the one that history was enabled with",
               "Disable history and enable it again.");
    }
    return opened;
}

std::vector<ScanKeyData> conditions(Relation index, std::span<const KeyColumn> key) {
    std::vector<ScanKeyData> all;
    for (std::size_t column = 0; column < key.size(); ++column) {
        const auto found = std::ranges::find(key, index->rd_index->indkey.values[column], &KeyColumn::number);
        if (found != key.end()) all.push_back(equality(index, static_cast<int>(column), found->value));
    }
    return all;
}

} // namespace

ScanKeyData equality(Relation index, int column, Datum value) {
    return backend([=] {
        const Oid type = index->rd_opcintype[column];
        const Oid equals = get_opfamily_member(index->rd_opfamily[column], type, type, BTEqualStrategyNumber);
        ScanKeyData key;
        ScanKeyEntryInitialize(&key, 0, static_cast<AttrNumber>(column + 1), BTEqualStrategyNumber,
                               InvalidOid, index->rd_indcollation[column], get_opcode(equals), value);
        return key;
    });
}

std::optional<TupleTableSlot*> find_row(Relation relation, std::span<const KeyColumn> key) {
    Relation const index = open_primary_key(relation, key.size());
    std::vector<ScanKeyData> keys = conditions(index, key);
    ScanKeyData* const first = keys.data();
    const int count = static_cast<int>(keys.size());
    TupleTableSlot* const slot = backend([=] {
        IndexScanDesc const scan = index_beginscan(relation, index, GetActiveSnapshot(), count, 0);
        index_rescan(scan, first, count, nullptr, 0);
        TupleTableSlot* const row = table_slot_create(relation, nullptr);
        const bool found = index_getnext_slot(scan, ForwardScanDirection, row);
        if (found) {
            slot_getallattrs(row);
            ExecMaterializeSlot(row);
        } else {
            ExecDropSingleTupleTableSlot(row);
        }
        index_endscan(scan);
        index_close(index, AccessShareLock);
        return found ? row : nullptr;
    });
    return slot != nullptr ? std::optional(slot) : std::nullopt;
}

} // namespace auxeira::functions
