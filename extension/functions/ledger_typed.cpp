// Rows of the ledger as rows of their tables.
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "functions/ledger_bytes.hpp"
#include "functions/ledger_typed.hpp"
#include "ledger/document.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "parser/parse_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
}

namespace auxeira::functions {

namespace {

using ledger::Tag;
using ledger::Value;

Datum datum_of(const Value& value, Oid type, int32 modifier);

const char* copied(std::string_view text) {
    return backend([text] { return pnstrdup(text.data(), text.size()); });
}

template <typename Make>
const char* output_of(PGFunction function, Make&& make) {
    return backend([&] { return DatumGetCString(DirectFunctionCall1(function, make())); });
}

float4 real_of(ledger::ByteView bytes) {
    const auto bits = static_cast<std::uint32_t>(ledger::signed_number(bytes));
    float4 number = 0;
    std::memcpy(&number, &bits, sizeof number);
    return number;
}

float8 double_of(ledger::ByteView bytes) {
    const auto bits = static_cast<std::uint64_t>(ledger::signed_number(bytes));
    float8 number = 0;
    std::memcpy(&number, &bits, sizeof number);
    return number;
}

// A value of a type that is known by name only: what it sent is received, and written out.
const char* text_of_other(ledger::ByteView content) {
    ledger::Reader reader(content);
    const std::string name(ledger::text_of(reader.take(reader.number<std::uint16_t>())));
    const ledger::ByteView sent = reader.left();
    const char* const text = name.c_str();
    if (std::strchr(text, '.') == nullptr) ledger::refuse_encoding("a type has no schema");
    return backend([=] {
        const std::size_t dot = std::strchr(text, '.') - text;
        List* const names = list_make2(makeString(pnstrdup(text, dot)), makeString(pstrdup(text + dot + 1)));
        const Oid type = typenameTypeId(nullptr, makeTypeNameFromNameList(names));
        Oid receive = InvalidOid, parameter = InvalidOid, output = InvalidOid;
        bool varies = false;
        getTypeBinaryInputInfo(type, &receive, &parameter);
        getTypeOutputInfo(type, &output, &varies);
        StringInfoData bytes;
        initStringInfo(&bytes);
        appendBinaryStringInfo(&bytes, reinterpret_cast<const char*>(sent.data()),
                               static_cast<int>(sent.size()));
        return OidOutputFunctionCall(output, OidReceiveFunctionCall(receive, &bytes, parameter, -1));
    });
}

// What the type's input function reads.
const char* input_text(const Value& value) {
    const std::int64_t number = value.content.size() <= 8 ? ledger::signed_number(value.content) : 0;
    switch (value.tag) {
    case Tag::boolean:
        return number != 0 ? "true" : "false";
    case Tag::integer:
        return copied(std::to_string(number));
    case Tag::real:
        return output_of(float4out, [&] { return Float4GetDatum(real_of(value.content)); });
    case Tag::double_precision:
        return output_of(float8out, [&] { return Float8GetDatum(double_of(value.content)); });
    case Tag::timestamptz:
        return output_of(timestamptz_out, [=] { return TimestampTzGetDatum(number); });
    case Tag::timestamp:
        return output_of(timestamp_out, [=] { return TimestampGetDatum(number); });
    case Tag::date:
        return output_of(date_out, [=] { return DateADTGetDatum(static_cast<DateADT>(number)); });
    case Tag::time:
        return output_of(time_out, [=] { return TimeADTGetDatum(number); });
    case Tag::bytea:
        return copied("\\x" + ledger::hex(value.content));
    case Tag::uuid:
        return copied(ledger::uuid_text(value.content));
    case Tag::jsonb:
        return copied(ledger::document_text(value.content));
    case Tag::other:
        return text_of_other(value.content);
    default:
        return copied(ledger::text_of(value.content));
    }
}

Datum array_datum(const Value& value, Oid element) {
    const ledger::Array array = ledger::read_array(value);
    std::vector<Datum> values;
    std::unique_ptr<bool[]> nulls(new bool[array.elements.size() + 1]);
    for (const auto& part : array.elements) {
        nulls[values.size()] = !part;
        values.push_back(part ? datum_of(*part, element, -1) : Datum{0});
    }
    int lengths[MAXDIM] = {}, bounds[MAXDIM] = {};
    const int dimensions = static_cast<int>(std::min<std::size_t>(array.dimensions.size(), MAXDIM));
    for (int place = 0; place < dimensions; ++place) {
        lengths[place] = static_cast<int>(array.dimensions[place].length);
        bounds[place] = array.dimensions[place].lower_bound;
    }
    Datum* const all = values.data();
    bool* const missing = nulls.get();
    return backend([&, all, missing] {
        int16 length = 0;
        bool by_value = false;
        char alignment = 0;
        get_typlenbyvalalign(element, &length, &by_value, &alignment);
        return PointerGetDatum(construct_md_array(all, missing, dimensions, lengths, bounds, element, length,
                                                  by_value, alignment));
    });
}

// --- Values that may not fit -------------------------------------------------------------------------------

struct Fit {
    Tag tag;
    Oid type;
};

// Values of the tag are values of the type.
constexpr Fit fits[] = {{Tag::boolean, BOOLOID},
                        {Tag::integer, INT8OID},
                        {Tag::real, FLOAT4OID},
                        {Tag::double_precision, FLOAT8OID},
                        {Tag::numeric, NUMERICOID},
                        {Tag::text, TEXTOID},
                        {Tag::text, VARCHAROID},
                        {Tag::bytea, BYTEAOID},
                        {Tag::timestamptz, TIMESTAMPTZOID},
                        {Tag::timestamp, TIMESTAMPOID},
                        {Tag::date, DATEOID},
                        {Tag::time, TIMEOID},
                        {Tag::uuid, UUIDOID},
                        {Tag::jsonb, JSONBOID}};

bool is_integer_of(const Value& value, Oid type) {
    if (value.tag != Tag::integer) return false;
    const std::int64_t number = ledger::signed_number(value.content);
    return (type == INT4OID && number == static_cast<int32>(number)) ||
           (type == INT2OID && number == static_cast<int16>(number));
}

bool surely_fits(const Value& value, Oid type, int32 modifier) {
    if (modifier != -1) return false;
    return is_integer_of(value, type) || std::ranges::any_of(fits, [&](const Fit& fit) {
               return fit.tag == value.tag && fit.type == type;
           });
}

// Data exceptions, violated constraints, and what becomes of a type that is gone.
bool is_of_the_value(const BackendError& error) {
    constexpr int classes[] = {ERRCODE_DATA_EXCEPTION, ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION,
                               ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION};
    const ErrorData* const data = error.data();
    return data != nullptr && std::ranges::any_of(classes, [data](int code) {
               return ERRCODE_TO_CATEGORY(data->sqlerrcode) == ERRCODE_TO_CATEGORY(code);
           });
}

// Nothing for a value from before the column was given its type, which the type does not have.
std::optional<Datum> fitting_datum(const Value& value, Oid type, int32 modifier) {
    if (surely_fits(value, type, modifier)) return datum_of(value, type, modifier);
    MemoryContext const memory = CurrentMemoryContext;
    ResourceOwner const owner = CurrentResourceOwner;
    std::optional<Datum> datum;
    backend([memory] {
        BeginInternalSubTransaction(nullptr);
        MemoryContextSwitchTo(memory);
    });
    try {
        datum = datum_of(value, type, modifier);
        backend([] { ReleaseCurrentSubTransaction(); });
    } catch (const BackendError& error) {
        backend([] { RollbackAndReleaseCurrentSubTransaction(); });
        if (!is_of_the_value(error)) throw;
    } catch (const std::exception&) {
        // Whoever catches the error takes the innermost subtransaction for their own.
        backend([] { RollbackAndReleaseCurrentSubTransaction(); });
        throw;
    }
    MemoryContextSwitchTo(memory);
    CurrentResourceOwner = owner;
    return datum;
}

constexpr bool has_value(Tag tag) {
    return tag != Tag::null && tag != Tag::erased && tag != Tag::digest;
}

// Columns that the row does not name are NULL, and so are secret ones and erased ones; those the type does
// not have are left out.
Datum record_datum(const ledger::Row& row, TupleDesc shape) {
    const TypedRow typed = typed_row(row, shape);
    Datum* const all = const_cast<Datum*>(typed.values.data());
    bool* const missing = typed.nulls.get();
    return backend([=] { return HeapTupleGetDatum(heap_form_tuple(shape, all, missing)); });
}

Datum composite_datum(const Value& value, Oid type) {
    TupleDesc const shape = backend([=] { return lookup_rowtype_tupdesc_copy(type, -1); });
    return record_datum(ledger::read_row(value.content), BlessTupleDesc(shape));
}

Datum datum_of(const Value& value, Oid type, int32 modifier) {
    const Oid base = backend([type] { return getBaseType(type); });
    const Oid element = backend([base] { return get_element_type(base); });
    if (value.tag == Tag::array && OidIsValid(element)) return array_datum(value, element);
    const bool is_composite = backend([base] { return type_is_rowtype(base); });
    if (value.tag == Tag::composite && is_composite) return composite_datum(value, base);
    const char* const text = input_text(value);
    return backend([=] {
        Oid input = InvalidOid, parameter = InvalidOid;
        getTypeInputInfo(type, &input, &parameter);
        return OidInputFunctionCall(input, const_cast<char*>(text), parameter, modifier);
    });
}

// The shape of a table as it is now, with which no lock is held.
TupleDesc shape_of(Oid target) {
    return backend([target] {
        Relation const relation = table_open(target, AccessShareLock);
        TupleDesc const copy = CreateTupleDescCopy(RelationGetDescr(relation));
        table_close(relation, AccessShareLock);
        return copy;
    });
}

bool is_named(const FormData_pg_attribute& attribute, std::string_view name) {
    return !attribute.attisdropped && name == NameStr(attribute.attname);
}

// What was erased is a value that the column cannot have.
bool is_unfit(const ledger::Field& field, TupleDesc shape) {
    if (field.value.tag == Tag::null || field.value.tag == Tag::digest) return false;
    for (int place = 0; place < shape->natts; ++place) {
        const FormData_pg_attribute& attribute = *TupleDescAttr(shape, place);
        if (!is_named(attribute, field.name)) continue;
        return field.value.tag == Tag::erased ||
               !fitting_datum(field.value, attribute.atttypid, attribute.atttypmod);
    }
    return false;
}

} // namespace

TypedRow typed_row(const ledger::Row& row, TupleDesc shape) {
    const auto columns = static_cast<std::size_t>(shape->natts);
    TypedRow typed{std::vector<Datum>(columns), std::unique_ptr<bool[]>(new bool[columns + 1])};
    for (std::size_t place = 0; place < columns; ++place) {
        const FormData_pg_attribute& attribute = *TupleDescAttr(shape, static_cast<int>(place));
        const auto field =
            std::ranges::find(row, std::string_view(NameStr(attribute.attname)), &ledger::Field::name);
        typed.nulls[place] = true;
        if (attribute.attisdropped || field == row.end() || !has_value(field->value.tag)) continue;
        const auto datum = fitting_datum(field->value, attribute.atttypid, attribute.atttypmod);
        typed.nulls[place] = !datum;
        typed.values[place] = datum.value_or(Datum{0});
    }
    return typed;
}

// ledger_row(base anyelement, row bytea)
AUXEIRA_SQL_FUNCTION(ledger_row) {
    if (PG_ARGISNULL(1)) PG_RETURN_NULL();
    const auto* const bytes = backend([fcinfo] { return PG_GETARG_BYTEA_PP(1); });
    TupleDesc const shape = backend([fcinfo] {
        return BlessTupleDesc(lookup_rowtype_tupdesc_copy(get_fn_expr_argtype(fcinfo->flinfo, 0), -1));
    });
    return record_datum(
        ledger::read_difference(ledger::bytes_of({VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)})), shape);
}

// ledger_row_object(target regclass, encoded bytea)
AUXEIRA_SQL_FUNCTION(ledger_row_object) {
    TupleDesc const shape = shape_of(PG_GETARG_OID(0));
    const Datum row = record_datum(ledger::read_difference(showable_argument(fcinfo, 1)), shape);
    return backend([row] {
        const Datum json = DirectFunctionCall1(row_to_json, row);
        return DirectFunctionCall1(jsonb_in, CStringGetDatum(TextDatumGetCString(json)));
    });
}

// ledger_unfit(target regclass, encoded bytea)
AUXEIRA_SQL_FUNCTION(ledger_unfit) {
    TupleDesc const shape = shape_of(PG_GETARG_OID(0));
    std::vector<std::string_view> names;
    for (const ledger::Field& field : ledger::read_difference(bytea_argument(fcinfo, 1)))
        if (is_unfit(field, shape)) names.push_back(field.name);
    return names_datum(names);
}

} // namespace auxeira::functions
