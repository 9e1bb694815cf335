#include "functions/ledger_record.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "functions/ledger_actor.hpp"
#include "functions/ledger_bytes.hpp"
#include "functions/settings.hpp"
#include "ledger/leaf.hpp"
#include "ledger/metadata.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "commands/sequence.h"
#include "utils/timestamp.h"
}

namespace auxeira::functions {

namespace {

// Found by name once, and again when it was made anew.
class Named {
public:
    explicit Named(const char* name) : name_(name) {}

    Oid find() {
        if (!OidIsValid(object_)) {
            object_ = backend(
                [this] { return DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(name_))); });
        }
        return object_;
    }
    void forget() { object_ = InvalidOid; }

private:
    const char* name_;
    Oid object_ = InvalidOid;
};

Named open_changes("auxeira.ledger_open");
Named change_ids("auxeira.ledger_change_ids");

ledger::Salt new_salt() {
    constexpr std::size_t salts = 256;
    static ledger::Salt pool[salts];
    static std::size_t used = salts;
    if (used == salts) {
        backend([] {
            if (!pg_strong_random(pool, sizeof pool)) {
                ereport(ERROR,
                        (errcode(ERRCODE_INTERNAL_ERROR), errmsg("there are no random numbers for a salt")));
            }
        });
        used = 0;
    }
    return pool[used++];
}

// A row of auxeira.ledger_open.
class OpenRow {
public:
    enum Column : std::size_t {
        change_id,
        xid,
        at,
        actor_id,
        table_id,
        operation,
        org_id,
        key,
        difference,
        proof,
        request_id,
        trace_id,
        reason,
        position,
        columns
    };

    OpenRow() { std::fill(std::begin(nulls_), std::end(nulls_), true); }

    void set(Column column, Datum value) {
        values_[column] = value;
        nulls_[column] = false;
    }
    void set(Column column, std::optional<std::string_view> text) {
        if (text)
            set(column, backend([&] {
                    return PointerGetDatum(cstring_to_text_with_len(text->data(), text->size()));
                }));
    }

    // In bulk the log's buffers would be full before the log writer looks, and this session had to write
    // them.
    static void wake_log_writer() {
        constexpr unsigned often = 64;
        static unsigned stored = 0;
        if (++stored % often == 0) XLogSetAsyncXactLSN(XactLastRecEnd);
    }

    // By the heap alone: the table has neither keys nor indexes nor triggers.
    void store() {
        const Oid table = open_changes.find();
        backend([&] {
            Relation const relation = table_open(table, RowExclusiveLock);
            heap_insert(relation, heap_form_tuple(RelationGetDescr(relation), values_, nulls_),
                        GetCurrentCommandId(true), 0, nullptr);
            table_close(relation, NoLock);
            wake_log_writer();
        });
    }

private:
    Datum values_[columns] = {};
    bool nulls_[columns];
};

std::optional<std::string_view> some(const char* text) {
    return *text == '\0' ? std::nullopt : std::optional<std::string_view>(text);
}

// --- The order of the changes of a row
// -----------------------------------------------------------------------

// Of the transaction that runs: commands by their number, each with the first position that its changes have.
// Positions are change ids with room between them.
struct Positions {
    std::uint64_t transaction = 0;
    std::vector<std::pair<CommandId, std::int64_t>> by_command;
};

// Nothing where the change comes after all of earlier commands, as nearly all do: then it is the id that
// tells.
std::optional<std::int64_t> position_of(const ledger::Metadata& metadata, CommandId command) {
    constexpr int room = 16;
    static Positions known;
    auto& positions = known.by_command;
    if (std::exchange(known.transaction, metadata.xid) != metadata.xid) positions.clear();
    if (positions.empty() || positions.back().first < command)
        positions.emplace_back(command, metadata.change_id << room);
    const auto later =
        std::upper_bound(positions.begin(), positions.end(), command,
                         [](CommandId c, const auto& known_one) { return c < known_one.first; });
    if (later == positions.end()) return std::nullopt;
    const std::int64_t position = later->second - 1;
    if (later == positions.begin() || std::prev(later)->first != command)
        positions.emplace(later, command, position);
    return position;
}

struct Change {
    char operation;
    const LedgerRow* row; // as it is now, null when it is gone
    const LedgerRow& any; // has the key and the organization
    ledger::ByteView difference;
    Command command;
};

ledger::Metadata metadata_of(const Tracked& table, const Change& change, ledger::ByteView key) {
    const Oid sequence = change_ids.find();
    ledger::Metadata metadata;
    metadata.change_id = backend([=] { return nextval_internal(sequence, false); });
    metadata.xid = U64FromFullTransactionId(backend([] { return GetTopFullTransactionId(); }));
    metadata.at = GetCurrentTransactionStartTimestamp();
    metadata.table = table.label;
    metadata.operation = change.operation;
    metadata.key = key;
    metadata.request_id = some(setting_text(Part::request_id));
    metadata.trace_id = some(setting_text(Part::trace_id));
    metadata.reason = some(change_reason());
    return metadata;
}

Datum proof_of(const ledger::Metadata& metadata, std::optional<ledger::ByteView> row) {
    static ledger::Bytes encoded;
    encoded.clear();
    ledger::encode(metadata, encoded);
    const ledger::Salt salt = new_salt();
    const ledger::Hash leaf = ledger::leaf_hash(salt, encoded, row);
    std::array<std::uint8_t, sizeof salt + sizeof leaf> proof;
    std::copy(leaf.begin(), leaf.end(), std::copy(salt.begin(), salt.end(), proof.begin()));
    return bytea_datum(proof);
}

Datum row_proof(const Tracked& table, const ledger::Metadata& metadata, const LedgerRow* row) {
    static ledger::Bytes encoded;
    encoded.clear();
    if (row == nullptr) return proof_of(metadata, std::nullopt);
    write_row(encoded, table, *row);
    return proof_of(metadata, encoded);
}

void record(const Tracked& table, const Change& change) {
    static ledger::Bytes key;
    key.clear();
    write_key(key, table, change.any);
    const Actor& actor = current_actor();
    ledger::Metadata metadata = metadata_of(table, change, key);
    put_actor(metadata, actor);
    OpenRow row;
    row.set(OpenRow::change_id, Int64GetDatum(metadata.change_id));
    row.set(OpenRow::xid, UInt64GetDatum(metadata.xid));
    row.set(OpenRow::at, TimestampTzGetDatum(metadata.at));
    row.set(OpenRow::actor_id, Int64GetDatum(actor.id));
    row.set(OpenRow::table_id, Int16GetDatum(table.table_id));
    row.set(OpenRow::operation, CharGetDatum(change.operation));
    const bool has_organization = table.organization != 0 && !change.any.nulls[table.organization - 1];
    if (has_organization) row.set(OpenRow::org_id, change.any.values[table.organization - 1]);
    row.set(OpenRow::key, bytea_datum(key));
    if (!change.difference.empty()) row.set(OpenRow::difference, bytea_datum(change.difference));
    row.set(OpenRow::proof, row_proof(table, metadata, change.row));
    const CommandId command =
        change.command ? *change.command : backend([] { return GetCurrentCommandId(false); });
    if (const auto position = position_of(metadata, command))
        row.set(OpenRow::position, Int64GetDatum(*position));
    row.set(OpenRow::request_id, metadata.request_id);
    row.set(OpenRow::trace_id, metadata.trace_id);
    row.set(OpenRow::reason, metadata.reason);
    row.store();
}

} // namespace

void record_new(const Tracked& table, char operation, const LedgerRow& row, Command command) {
    record(table, {operation, &row, row, {}, command});
}

void record_gone(const Tracked& table, char operation, const LedgerRow& row, Command command) {
    static ledger::Bytes whole;
    whole.clear();
    write_row(whole, table, row);
    record(table, {operation, nullptr, row, whole, command});
}

// What has another key is another row. What is exempt is no row to the ledger.
void record_update(const Tracked& table, const LedgerRow& before, const LedgerRow& after, Command command) {
    const bool was_exempt = is_exempt(table, before), is_now = is_exempt(table, after);
    if (was_exempt || is_now || has_other_key(table, before, after)) {
        if (!was_exempt) record_gone(table, 'D', before, command);
        if (!is_now) record_new(table, 'I', after, command);
        return;
    }
    static ledger::Bytes difference;
    difference.clear();
    write_difference(difference, table, before, after);
    if (!difference.empty()) record(table, {'U', &after, after, difference, command});
}

void record_altered(const Tracked& table, const LedgerRow& before, const LedgerRow& after) {
    static ledger::Bytes difference;
    difference.clear();
    write_difference(difference, table, before, after);
    if (!difference.empty()) record(table, {'A', &after, after, difference, {}});
}

void record_mark(const Tracked& table, char operation, const LedgerRow& key, const LedgerRow* row) {
    const bool has_history = row != nullptr && !is_exempt(table, *row);
    record(table, {operation, has_history ? row : nullptr, has_history ? *row : key, {}, {}});
}

} // namespace auxeira::functions
