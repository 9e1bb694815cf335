// Many rows for one table, stored as one INSERT statement of the calling role would store them, at the speed
// of COPY. The server itself prepares that statement (privileges, row policies, defaults, triggers); only its
// rows come from the program, and go to the table and its indexes by the batch.
//
// What depends on columns that are the same in every row is decided with the first row: foreign keys, row
// policies and check constraints. All else is checked for every row.
#pragma once

#include <cstdint>
#include <span>

#include "boundary/door.hpp"

extern "C" {
#include "access/heapam.h"
#include "commands/trigger.h"
#include "executor/execdesc.h"
#include "executor/executor.h"
#include "utils/rel.h"
}

namespace auxeira::functions {

// Left in the midst of its work, by whatever exception, it leaves clean-up to the abort that must follow.
class BulkInsert {
public:
    // A column that the statement names. `cast` may be a cast such as `::name`, or empty.
    struct Column {
        const char* name;
        const char* cast;
        Oid type;
        bool varies; // from row to row; the others have the value given here
        Datum value;
        bool is_null;
    };

    // `table` with its schema. Errors: those of the INSERT; 0A000 for a table that is not an ordinary one.
    BulkInsert(const char* table, std::span<const Column> columns);

    // The columns that vary, in their order. The values are copied. A row whose primary key is taken is left
    // out, as ON CONFLICT DO NOTHING does.
    void add(const Datum* values, const bool* nulls);

    // Stores what is left and fires the triggers of the statement. Returns how many rows were stored.
    std::int64_t finish();

    Oid table() const { return RelationGetRelid(relation()); }

private:
    // Small enough for its rows to stay in the caches of a processor on their way to table and indexes.
    static constexpr int longest_batch = 100;
    static constexpr int most_varying = 8;

    // These run inside the guard of backend().
    void start(const char* text, std::span<const Column> columns);
    void find_varying(std::span<const Column> columns);
    void find_primary_key();
    void put(const Datum* values, const bool* nulls);
    TupleTableSlot* fill(const Datum* values, const bool* nulls);
    TupleTableSlot* empty_slot();
    const TupleTableSlot* source_row();
    bool prepare(TupleTableSlot* slot);
    void settle_constants();
    void settle_policies();
    void settle_checks();
    bool never_fires(const Trigger& trigger, TupleTableSlot* row) const;
    void settle_triggers(TupleTableSlot* row);
    bool varies(Node* expression, Index table) const;
    bool varies(AttrNumber attribute) const;
    bool is_settled_key(const Trigger& trigger) const;
    bool is_settled_mark(const Trigger& trigger) const;
    void flush();
    bool may_have_duplicates() const;
    bool ends_in_series() const;
    bool is_in_use(Datum least, Datum greatest) const;
    void drop_duplicates();
    void store();
    void end();
    bool has_trigger(bool TriggerDesc::*kind) const;
    Relation relation() const { return target_->ri_RelationDesc; }

    QueryDesc* query_ = nullptr;
    EState* estate_ = nullptr;
    ResultRelInfo* target_ = nullptr;
    PlanState* source_ = nullptr; // gives one row, with the defaults of all columns that are not named
    TransitionCaptureState* transition_ = nullptr;
    BulkInsertState bulk_ = nullptr;
    TupleTableSlot* constants_ = nullptr; // that row
    Relation primary_key_ = nullptr;
    TupleTableSlot* slots_[longest_batch] = {};
    Bitmapset* varying_ = nullptr; // attribute numbers, as pull_varattnos gives them
    AttrNumber attributes_[most_varying] = {};
    int varying_count_ = 0;
    int batch_ = longest_batch;
    int filled_ = 0;
    bool fresh_defaults_ = false; // one of them is volatile
    bool checks_policies_ = true;
    bool settled_ = false;
    std::int64_t stored_ = 0;
};

} // namespace auxeira::functions
