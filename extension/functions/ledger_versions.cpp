// auxeira.ledger_walk(): the versions of one row, from the newest to the oldest, and whether each is proven.
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/ledger_bytes.hpp"
#include "functions/rows.hpp"
#include "ledger/metadata.hpp"
#include "ledger/readable.hpp"
#include "ledger/reader.hpp"
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

// --- Faults
// ----------------------------------------------------------------------------------------------------

// What is wrong with the history of one row, told as it is walked from the newest change to the oldest.
class Faults {
public:
    Faults(Rows& rows, std::string_view organization) : rows_(rows), organization_(organization) {}

    void put(const char* problem, const Version* version, const std::string& detail) {
        const Datum values[] = {backend([problem] { return CStringGetTextDatum(problem); }),
                                version == nullptr ? Datum{0} : version->values[change_id],
                                bytea_datum(ledger::bytes_of(detail))};
        const bool nulls[] = {false, version == nullptr, detail.empty()};
        rows_.put(values, nulls);
    }

    void judge(const Version& version, ledger::Standing standing) {
        const bool follows = newest_ || newer_ != ledger::Standing::altered;
        if (standing == ledger::Standing::altered && follows) put_altered(version);
        if (standing == ledger::Standing::erased && !erasure_)
            put("an erased change without an erasure", &version,
                "Its salt or a difference after it is gone.");
        erasure_ = erasure_ || DatumGetChar(version.values[operation]) == 'E';
        newer_ = standing;
        newest_ = false;
        newer_id_ = DatumGetInt64(version.values[change_id]);
    }

    // The organization that the ledger has beside a proven change is that of the row.
    void judge_organization(const Version& version, const std::optional<ledger::Row>& state,
                            const std::optional<ledger::Uuid>& stored) {
        std::optional<ledger::Uuid> said;
        if (state)
            said = organization_of(*state);
        else if (version.has(difference))
            said = organization_of(ledger::read_difference(version.bytes(difference)));
        if (said != stored) put("a change of another organization", &version, "");
    }

    void judge_beginning(const Version& oldest) {
        const char letter = DatumGetChar(oldest.values[operation]);
        if (letter != 'I' && letter != 'B' && newer_ != ledger::Standing::altered)
            put("a history without a beginning", &oldest, "What was before this change is gone.");
    }

private:
    void put_altered(const Version& version) {
        if (newest_) {
            return put("a row that differs from its last change", &version,
                       "The row, or its last change, was altered behind the ledger.");
        }
        put("a change that differs from its leaf", &version,
            "It was altered, or the difference of change " + std::to_string(newer_id_) +
                " that leads to it.");
    }

    std::optional<ledger::Uuid> organization_of(const ledger::Row& row) const {
        const auto field = std::ranges::find(row, organization_, &ledger::Field::name);
        if (field == row.end() || field->value.tag != ledger::Tag::uuid) return std::nullopt;
        return sized<ledger::Uuid>(field->value.content);
    }

    Rows& rows_;
    const std::string_view organization_;
    ledger::Standing newer_{};
    std::int64_t newer_id_ = 0;
    bool newest_ = true;
    bool erasure_ = false;
};

// Beside the versions: the organizations that the ledger has for them.
std::vector<std::optional<ledger::Uuid>> organizations_of(FunctionCallInfo fcinfo, int argument) {
    struct Found {
        Datum* values;
        bool* nulls;
        int count;
    };
    const Found found = backend([=] {
        Found all{};
        deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR,
                          &all.values, &all.nulls, &all.count);
        return all;
    });
    std::vector<std::optional<ledger::Uuid>> organizations(static_cast<std::size_t>(found.count));
    for (int place = 0; place < found.count; ++place) {
        if (found.nulls[place]) continue;
        const auto* const bytes = DatumGetUUIDP(found.values[place])->data;
        std::copy(bytes, bytes + UUID_LEN, organizations[static_cast<std::size_t>(place)].emplace().begin());
    }
    return organizations;
}

std::optional<ledger::ByteView> live_argument(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0)) return std::nullopt;
    const auto* const bytes = backend([fcinfo] { return PG_GETARG_BYTEA_PP(0); });
    return ledger::bytes_of({VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)});
}

void judge_row(FunctionCallInfo fcinfo, Faults& faults) {
    const Elements elements = elements_of(fcinfo, 1);
    const auto organizations = organizations_of(fcinfo, 2);
    ledger::Walk walk(live_argument(fcinfo));
    ledger::Bytes metadata;
    Version version{};
    bool is_readable = true;
    for (int place = 0; is_readable && place < elements.count; ++place) {
        deform(elements.values[place], elements.shape, version);
        const ledger::Change change = change_of(version, metadata);
        const std::optional<ledger::Row> state = walk.row();
        const ledger::Standing standing = step(walk, change, is_readable);
        faults.judge(version, standing);
        if (standing == ledger::Standing::proven)
            faults.judge_organization(version, state, organizations[static_cast<std::size_t>(place)]);
    }
    if (is_readable && PG_GETARG_BOOL(4)) faults.judge_beginning(version);
}

} // namespace

// ledger_row_faults(live bytea, versions ledger_version[] newest first, organizations uuid[], org_column,
// is_whole)
AUXEIRA_SQL_FUNCTION(ledger_row_faults) {
    Rows rows(fcinfo);
    const auto* const column = backend([fcinfo] { return PG_GETARG_TEXT_PP(3); });
    Faults faults(rows, {VARDATA_ANY(column), VARSIZE_ANY_EXHDR(column)});
    if (PG_ARGISNULL(1)) {
        faults.put("a row without history", nullptr, "");
    } else {
        judge_row(fcinfo, faults);
    }
    return PointerGetDatum(nullptr);
}

// ledger_walk(live bytea, versions ledger_version[] newest first)
AUXEIRA_SQL_FUNCTION(ledger_walk) {
    Rows rows(fcinfo);
    if (PG_ARGISNULL(1)) return PointerGetDatum(nullptr);
    const Elements elements = elements_of(fcinfo, 1);
    ledger::Walk walk(live_argument(fcinfo));
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
    const std::string json = readable(ledger::read_difference(showable_argument(fcinfo, 0)));
    const char* const text = json.c_str();
    return backend([text] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(text)); });
}

} // namespace auxeira::functions
