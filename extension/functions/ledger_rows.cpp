#include "functions/ledger_rows.hpp"

#include <algorithm>
#include <cstring>

#include "functions/plans.hpp"
#include "ledger/leaf.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
}

namespace auxeira::functions {

namespace {

const ledger::Bytes& digest_key() {
    static ledger::Bytes key;
    if (!key.empty()) return key;
    backend([] { SPI_connect(); });
    AsOwner owner;
    static SPIPlanPtr plan = nullptr;
    if (plan == nullptr)
        plan = prepare_kept("select encode(digest_key, 'hex') from auxeira.ledger_secrets", 0, nullptr);
    if (fetch_row(plan, nullptr, true)) key = *ledger::from_hex(column_text(1));
    owner.leave();
    backend([] { SPI_finish(); });
    return key;
}

void write_column(ledger::Bytes& out, const TrackedColumn& column, Datum value) {
    ledger::Writer writer(out);
    writer.name(column.name);
    if (!column.is_secret) return write_value(out, column.type, value);
    ledger::Bytes plain;
    write_value(plain, column.type, value);
    writer.digest(ledger::secret_digest(digest_key(), plain));
}

bool is_same(const TrackedColumn& column, const LedgerRow& a, const LedgerRow& b) {
    if (a.has(column.number) != b.has(column.number)) return false;
    return !a.has(column.number) ||
           datumIsEqual(a.of(column.number), b.of(column.number), column.type.by_value, column.type.length);
}

void write_null(ledger::Bytes& out, const TrackedColumn& column) {
    ledger::Writer writer(out);
    writer.name(column.name);
    writer.null();
}

LedgerRow empty_row(TupleDesc shape) {
    return backend([=] {
        const auto columns = static_cast<std::size_t>(shape->natts);
        const LedgerRow row = {static_cast<Datum*>(palloc0(columns * sizeof(Datum))),
                               static_cast<bool*>(palloc(columns * sizeof(bool)))};
        std::memset(row.nulls, 1, columns * sizeof(bool));
        return row;
    });
}

Datum value_of_text(const FormData_pg_attribute& attribute, std::string_view characters) {
    return backend([&] {
        Oid input = InvalidOid, parameter = InvalidOid;
        getTypeInputInfo(attribute.atttypid, &input, &parameter);
        char* const text = pnstrdup(characters.data(), characters.size());
        return OidInputFunctionCall(input, text, parameter, attribute.atttypmod);
    });
}

} // namespace

LedgerRow deform(HeapTuple tuple, TupleDesc shape) {
    return backend([=] {
        const auto columns = static_cast<std::size_t>(shape->natts);
        const LedgerRow row = {static_cast<Datum*>(palloc(columns * sizeof(Datum))),
                               static_cast<bool*>(palloc(columns * sizeof(bool)))};
        heap_deform_tuple(tuple, shape, row.values, row.nulls);
        return row;
    });
}

bool is_exempt(const Tracked& table, const LedgerRow& row) {
    return table.exempt != InvalidAttrNumber && row.has(table.exempt) && DatumGetBool(row.of(table.exempt));
}

void write_row(ledger::Bytes& out, const Tracked& table, const LedgerRow& row) {
    for (const TrackedColumn& column : table.columns)
        if (row.has(column.number)) write_column(out, column, row.of(column.number));
}

void write_key(ledger::Bytes& out, const Tracked& table, const LedgerRow& row) {
    for (const TrackedColumn& column : table.columns)
        if (column.is_key) write_column(out, column, row.of(column.number));
}

void write_difference(ledger::Bytes& out, const Tracked& table, const LedgerRow& before,
                      const LedgerRow& after) {
    ledger::Bytes was, is;
    for (const TrackedColumn& column : table.columns) {
        if (is_same(column, before, after)) continue;
        was.clear();
        is.clear();
        if (before.has(column.number)) write_column(was, column, before.of(column.number));
        if (after.has(column.number)) write_column(is, column, after.of(column.number));
        if (was == is) continue;
        if (was.empty()) write_null(was, column);
        ledger::append(out, was);
    }
}

bool has_other_key(const Tracked& table, const LedgerRow& before, const LedgerRow& after) {
    return std::any_of(table.columns.begin(), table.columns.end(), [&](const TrackedColumn& column) {
        return column.is_key && !is_same(column, before, after);
    });
}

LedgerRow key_row(TupleDesc shape, const Tracked& table, const std::vector<std::string_view>& names,
                  const std::vector<std::string_view>& texts) {
    const LedgerRow row = empty_row(shape);
    for (const TrackedColumn& column : table.columns) {
        const auto place = std::find(names.begin(), names.end(), column.name) - names.begin();
        if (!column.is_key || static_cast<std::size_t>(place) >= texts.size()) continue;
        row.values[column.number - 1] =
            value_of_text(*TupleDescAttr(shape, column.number - 1), texts[static_cast<std::size_t>(place)]);
        row.nulls[column.number - 1] = false;
    }
    return row;
}

std::vector<KeyColumn> key_columns(const Tracked& table, const LedgerRow& row) {
    std::vector<KeyColumn> key;
    for (const TrackedColumn& column : table.columns)
        if (column.is_key) key.push_back({column.number, row.of(column.number)});
    return key;
}

std::vector<std::string_view> names_argument(FunctionCallInfo fcinfo, int argument) {
    struct Names {
        Datum* values;
        int count;
    };
    const Names found = backend([=] {
        Names names{};
        deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), TEXTOID, -1, false, TYPALIGN_INT, &names.values,
                          nullptr, &names.count);
        return names;
    });
    std::vector<std::string_view> names;
    for (int place = 0; place < found.count; ++place) {
        const text* const name = DatumGetTextPP(found.values[place]);
        names.emplace_back(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
    }
    return names;
}

void check_rows_can_be_read(Relation relation) {
    if (relation->rd_rel->relkind != RELKIND_RELATION) {
        refuse(ERRCODE_WRONG_OBJECT_TYPE, "only the rows of an ordinary table can be read for the ledger",
               "auxeira.enable_history() tells what it needs.");
    }
}

} // namespace auxeira::functions
