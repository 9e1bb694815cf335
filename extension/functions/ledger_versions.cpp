// auxeira.ledger_walk(): the versions of one row, from the newest to the oldest, and whether each is proven.
#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "functions/ledger_bytes.hpp"
#include "functions/rows.hpp"
#include "ledger/metadata.hpp"
#include "ledger/readable.hpp"
#include "ledger/walk.hpp"
#include "rejection.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/uuid.h"
#include "utils/xid8.h"
}

namespace auxeira::functions {

namespace {

// The attributes of auxeira.ledger_version, in their order.
enum Attribute : std::size_t {
    change_id,
    xid,
    at,
    label,
    operation,
    key,
    org_id,
    user_id,
    session_id,
    role,
    login,
    address,
    request_id,
    trace_id,
    reason,
    difference,
    salt,
    leaf,
    attributes
};

struct Version {
    Datum values[attributes];
    bool nulls[attributes];

    bool has(Attribute attribute) const { return !nulls[attribute]; }
    std::string_view text(Attribute attribute) const {
        const Datum value = values[attribute];
        const auto* const packed = backend([value] { return PG_DETOAST_DATUM_PACKED(value); });
        return {VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)};
    }
    ledger::ByteView bytes(Attribute attribute) const { return ledger::bytes_of(text(attribute)); }
    std::optional<std::string_view> text_if_any(Attribute attribute) const {
        return has(attribute) ? std::optional(text(attribute)) : std::nullopt;
    }
    std::optional<ledger::ByteView> bytes_if_any(Attribute attribute) const {
        return has(attribute) ? std::optional(bytes(attribute)) : std::nullopt;
    }
    std::optional<ledger::Uuid> uuid_if_any(Attribute attribute) const {
        if (!has(attribute)) return std::nullopt;
        ledger::Uuid uuid;
        std::memcpy(uuid.data(), DatumGetUUIDP(values[attribute])->data, uuid.size());
        return uuid;
    }
};

// --- Reading the array
// -----------------------------------------------------------------------------------------

struct Elements {
    Datum* values;
    int count;
    TupleDesc shape;
};

Elements elements_of(FunctionCallInfo fcinfo, int argument) {
    return backend([=] {
        ArrayType* const array = PG_GETARG_ARRAYTYPE_P(argument);
        Elements found{};
        bool* nulls = nullptr;
        deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &found.values, &nulls,
                          &found.count);
        found.shape = lookup_rowtype_tupdesc_copy(ARR_ELEMTYPE(array), -1);
        if (found.shape->natts != attributes) {
            ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                            errmsg("an array of auxeira.ledger_version is expected")));
        }
        return found;
    });
}

void deform(Datum element, TupleDesc shape, Version& version) {
    backend([&] {
        HeapTupleHeader const header = DatumGetHeapTupleHeader(element);
        HeapTupleData tuple{};
        tuple.t_len = HeapTupleHeaderGetDatumLength(header);
        tuple.t_data = header;
        heap_deform_tuple(&tuple, shape, version.values, version.nulls);
    });
}

ledger::Metadata metadata_of(const Version& version) {
    ledger::Metadata metadata;
    metadata.change_id = DatumGetInt64(version.values[change_id]);
    metadata.xid = DatumGetUInt64(version.values[xid]);
    metadata.at = DatumGetTimestampTz(version.values[at]);
    metadata.table = version.text(label);
    metadata.operation = DatumGetChar(version.values[operation]);
    metadata.key = version.bytes(key);
    metadata.organization = version.uuid_if_any(org_id);
    metadata.user = version.uuid_if_any(user_id);
    metadata.session = version.uuid_if_any(session_id);
    metadata.role = version.text_if_any(role);
    metadata.login = version.text_if_any(login);
    metadata.address = version.text_if_any(address);
    metadata.request_id = version.text_if_any(request_id);
    metadata.trace_id = version.text_if_any(trace_id);
    metadata.reason = version.text_if_any(reason);
    return metadata;
}

// Bytes of another length are those of no salt and of no leaf.
template <typename Array>
std::optional<Array> sized(std::optional<ledger::ByteView> bytes) {
    Array array{};
    if (!bytes || bytes->size() != array.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), array.begin());
    return array;
}

ledger::Change change_of(const Version& version, ledger::Bytes& metadata) {
    metadata.clear();
    ledger::encode(metadata_of(version), metadata);
    return {DatumGetChar(version.values[operation]), metadata, version.bytes_if_any(difference),
            sized<ledger::Salt>(version.bytes_if_any(salt)),
            sized<ledger::Hash>(version.bytes_if_any(leaf)).value_or(ledger::Hash{})};
}

// --- Writing rows
// ----------------------------------------------------------------------------------------------

constexpr const char* standing_names[] = {"proven", "erased", "altered"};

struct State {
    std::optional<ledger::Row> row;
    bool known;
};

ledger::Bytes encoded(const std::optional<ledger::Row>& row) {
    return row ? ledger::encode(*row) : ledger::Bytes{};
}

void put_version(Rows& rows, const Version& version, ledger::ByteView metadata, ledger::Standing standing,
                 const State& after, const State& before) {
    const char* const name = standing_names[static_cast<std::size_t>(standing)];
    const ledger::Bytes row = encoded(after.row), earlier = encoded(before.row);
    const Datum values[] = {version.values[change_id], backend([name] { return CStringGetTextDatum(name); }),
                            bytea_datum(metadata),     bytea_datum(row),
                            BoolGetDatum(after.known), bytea_datum(earlier),
                            BoolGetDatum(before.known)};
    const bool nulls[] = {false, false, false, !after.row, false, !before.row, false};
    rows.put(values, nulls);
}

std::vector<std::string_view> texts_argument(FunctionCallInfo fcinfo, int argument) {
    struct Texts {
        Datum* values;
        int count;
    };
    const Texts found = backend([=] {
        Texts texts{};
        deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), TEXTOID, -1, false, TYPALIGN_INT, &texts.values,
                          nullptr, &texts.count);
        return texts;
    });
    std::vector<std::string_view> texts;
    for (int place = 0; place < found.count; ++place) {
        const text* const value = DatumGetTextPP(found.values[place]);
        texts.emplace_back(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
    }
    return texts;
}

// --- Readable rows -----------------------------------------------------------------------------------------

std::string readable(const ledger::Row& row) {
    ledger::Row known;
    std::string json;
    for (const ledger::Field& field : row) {
        if (field.value.tag == ledger::Tag::erased)
            json += ledger::json_text(field.name) + ":{\"erased\":true},";
        else if (field.value.tag != ledger::Tag::null)
            known.push_back(field);
    }
    const std::string members = ledger::readable_row(ledger::encode(known)).substr(1);
    if (members == "}" && !json.empty()) json.pop_back();
    return '{' + json + members;
}

// A difference that cannot be read was altered, and there is no way back before it.
ledger::Standing step(ledger::Walk& walk, const ledger::Change& change, bool& is_readable) {
    try {
        return walk.step(change);
    } catch (const Rejection&) {
        is_readable = false;
        return ledger::Standing::altered;
    }
}

} // namespace

// ledger_walk(live bytea, versions ledger_version[] newest first)
AUXEIRA_SQL_FUNCTION(ledger_walk) {
    Rows rows(fcinfo);
    std::optional<ledger::ByteView> live;
    if (!PG_ARGISNULL(0)) {
        const auto* const bytes = backend([fcinfo] { return PG_GETARG_BYTEA_PP(0); });
        live = ledger::bytes_of({VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)});
    }
    if (PG_ARGISNULL(1)) return PointerGetDatum(nullptr);
    const Elements elements = elements_of(fcinfo, 1);
    ledger::Walk walk(live);
    ledger::Bytes metadata;
    bool is_readable = true;
    for (int place = 0; is_readable && place < elements.count; ++place) {
        Version version{};
        deform(elements.values[place], elements.shape, version);
        const ledger::Change change = change_of(version, metadata);
        const State after{walk.row(), walk.is_known()};
        const ledger::Standing standing = step(walk, change, is_readable);
        put_version(rows, version, metadata, standing, after, {walk.row(), is_readable && walk.is_known()});
    }
    return PointerGetDatum(nullptr);
}

// ledger_erased(difference bytea, columns text[], kept text[])
AUXEIRA_SQL_FUNCTION(ledger_erased) {
    const std::vector<std::string_view> columns = texts_argument(fcinfo, 1), kept = texts_argument(fcinfo, 2);
    const auto has = [](const std::vector<std::string_view>& names, std::string_view name) {
        return std::ranges::find(names, name) != names.end();
    };
    ledger::Bytes out;
    ledger::Writer writer(out);
    for (const ledger::Field& field : ledger::read_difference(bytea_argument(fcinfo, 0))) {
        writer.name(field.name);
        const bool goes = (columns.empty() || has(columns, field.name)) && !has(kept, field.name);
        goes&& field.value.tag != ledger::Tag::null ? writer.erased() : writer.encoded(field.value.encoding);
    }
    return bytea_datum(out);
}

AUXEIRA_SQL_FUNCTION(ledger_row_json) {
    const auto* const bytes = backend([fcinfo] { return PG_GETARG_BYTEA_PP(0); });
    const std::string json =
        readable(ledger::read_difference(ledger::bytes_of({VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)})));
    const char* const text = json.c_str();
    return backend([text] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(text)); });
}

} // namespace auxeira::functions
