#include "functions/ledger_values.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

#include "functions/numeric_text.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/uuid.h"
}

namespace auxeira::functions {

namespace {

using ledger::Tag;

// What is stored of a jsonb is hashed as it is.
static_assert(std::endian::native == std::endian::little, "ENCODING.md has documents in little-endian order");

// --- Types -------------------------------------------------------------------------------------------------

struct KnownType {
    Oid type;
    Tag tag;
};

constexpr KnownType known_types[] = {{BOOLOID, Tag::boolean},        {INT2OID, Tag::integer},
                                     {INT4OID, Tag::integer},        {INT8OID, Tag::integer},
                                     {FLOAT4OID, Tag::real},         {FLOAT8OID, Tag::double_precision},
                                     {NUMERICOID, Tag::numeric},     {TEXTOID, Tag::text},
                                     {VARCHAROID, Tag::text},        {BPCHAROID, Tag::text},
                                     {NAMEOID, Tag::text},           {JSONOID, Tag::text},
                                     {BYTEAOID, Tag::bytea},         {TIMESTAMPTZOID, Tag::timestamptz},
                                     {TIMESTAMPOID, Tag::timestamp}, {DATEOID, Tag::date},
                                     {TIMEOID, Tag::time},           {UUIDOID, Tag::uuid},
                                     {JSONBOID, Tag::jsonb}};

// Their values are numbers of objects, which another database gives to others.
constexpr Oid object_types[] = {OIDOID,          REGPROCOID,   REGPROCEDUREOID,  REGOPEROID,
                                REGOPERATOROID,  REGCLASSOID,  REGTYPEOID,       REGROLEOID,
                                REGNAMESPACEOID, REGCONFIGOID, REGDICTIONARYOID, REGCOLLATIONOID};

[[noreturn]] void refuse_type(Oid type) {
    backend([type] {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("the ledger cannot hold values of type %s", format_type_be(type)),
                        errdetail("They have no form that is the same in every session and database."),
                        errhint("Store the value as text.")));
    });
    pg_unreachable();
}

struct TypeForm {
    char kind;
    Oid send;
    const char* name; // with its schema
};

TypeForm form_of(Oid type) {
    return backend([type] {
        HeapTuple const tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
        if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for type %u", type);
        const auto* const form = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
        const TypeForm found = {
            form->typtype, form->typsend,
            psprintf("%s.%s", get_namespace_name(form->typnamespace), NameStr(form->typname))};
        ReleaseSysCache(tuple);
        return found;
    });
}

void add_fields(EncodedType& composite) {
    TupleDesc const shape = backend([&] { return lookup_rowtype_tupdesc_copy(composite.type, -1); });
    for (int number = 0; number < shape->natts; ++number) {
        const FormData_pg_attribute& attribute = *TupleDescAttr(shape, number);
        if (attribute.attisdropped) continue;
        composite.fields.push_back({NameStr(attribute.attname), static_cast<AttrNumber>(number + 1),
                                    encoded_type(attribute.atttypid)});
    }
    std::sort(composite.fields.begin(), composite.fields.end(),
              [](const EncodedField& a, const EncodedField& b) { return a.name < b.name; });
}

void complete_other(EncodedType& encoded) {
    const TypeForm form = form_of(encoded.type);
    encoded.name = form.name;
    const bool is_object =
        std::find(std::begin(object_types), std::end(object_types), encoded.type) != std::end(object_types);
    if (form.kind == TYPTYPE_ENUM) {
        encoded.tag = Tag::text;
    } else if (form.kind == TYPTYPE_COMPOSITE) {
        encoded.tag = Tag::composite;
        add_fields(encoded);
    } else if (const Oid element = backend([&] { return get_element_type(encoded.type); })) {
        encoded.tag = Tag::array;
        encoded.element = std::make_unique<EncodedType>(encoded_type(element));
    } else if (is_object || form.kind == TYPTYPE_PSEUDO || !OidIsValid(form.send)) {
        refuse_type(encoded.type);
    } else {
        encoded.tag = Tag::other;
        backend([&] { fmgr_info_cxt(form.send, &encoded.send, TopMemoryContext); });
    }
}

// --- Values ------------------------------------------------------------------------------------------------

std::string_view bytes_of(Datum value) {
    const struct varlena* packed = reinterpret_cast<const struct varlena*>(DatumGetPointer(value));
    if (VARATT_IS_EXTERNAL(packed) || VARATT_IS_COMPRESSED(packed))
        packed = backend([value] { return PG_DETOAST_DATUM_PACKED(value); });
    return {VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)};
}

std::string_view text_of(const EncodedType& type, Datum value) {
    if (type.type == NAMEOID) return NameStr(*DatumGetName(value));
    if (type.length == -1) return bytes_of(value);
    return backend([value] { return DatumGetCString(DirectFunctionCall1(enum_out, value)); });
}

std::int64_t integer_of(const EncodedType& type, Datum value) {
    if (type.length == sizeof(int16)) return DatumGetInt16(value);
    if (type.length == sizeof(int32)) return DatumGetInt32(value);
    return DatumGetInt64(value);
}

// What a type sends depends on the encoding of the client.
std::string_view sent(const EncodedType& type, Datum value) {
    return backend([&] {
        const int encoding = pg_get_client_encoding();
        const bool is_other = encoding != GetDatabaseEncoding();
        if (is_other) SetClientEncoding(GetDatabaseEncoding());
        bytea* const bytes = SendFunctionCall(const_cast<FmgrInfo*>(&type.send), value);
        if (is_other) SetClientEncoding(encoding);
        return std::string_view(VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ);
    });
}

ledger::ByteView uuid_bytes(Datum value) {
    return {DatumGetUUIDP(value)->data, UUID_LEN};
}

struct Elements {
    ArrayType* array;
    Datum* values;
    bool* nulls;
    int count;
};

Elements elements_of(const EncodedType& element, Datum value) {
    return backend([&] {
        Elements found{};
        found.array = DatumGetArrayTypeP(value);
        deconstruct_array(found.array, ARR_ELEMTYPE(found.array), element.length, element.by_value,
                          element.alignment, &found.values, &found.nulls, &found.count);
        return found;
    });
}

void write_array(ledger::Bytes& out, const EncodedType& element, Datum value) {
    ledger::Writer writer(out);
    const Elements elements = elements_of(element, value);
    ledger::Dimension dimensions[MAXDIM];
    const int count = ARR_NDIM(elements.array);
    for (int place = 0; place < count; ++place) {
        dimensions[place] = {static_cast<std::uint32_t>(ARR_DIMS(elements.array)[place]),
                             ARR_LBOUND(elements.array)[place]};
    }
    const std::size_t opened = writer.begin_array({dimensions, static_cast<std::size_t>(count)});
    for (int place = 0; place < elements.count; ++place) {
        if (elements.nulls[place]) {
            writer.null_element();
        } else {
            writer.element();
            write_value(out, element, elements.values[place]);
        }
    }
    writer.end(opened);
}

struct Deformed {
    Datum* values;
    bool* nulls;
};

Deformed deform(Datum value) {
    return backend([value] {
        HeapTupleHeader const header = DatumGetHeapTupleHeader(value);
        TupleDesc const shape =
            lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
        HeapTupleData tuple{};
        tuple.t_len = HeapTupleHeaderGetDatumLength(header);
        tuple.t_data = header;
        const auto columns = static_cast<std::size_t>(shape->natts);
        const Deformed row = {static_cast<Datum*>(palloc(columns * sizeof(Datum))),
                              static_cast<bool*>(palloc(columns * sizeof(bool)))};
        heap_deform_tuple(&tuple, shape, row.values, row.nulls);
        ReleaseTupleDesc(shape);
        return row;
    });
}

void write_composite(ledger::Bytes& out, const EncodedType& type, Datum value) {
    ledger::Writer writer(out);
    const Deformed row = deform(value);
    const std::size_t opened = writer.begin_composite();
    for (const EncodedField& field : type.fields) {
        if (row.nulls[field.number - 1]) continue;
        writer.name(field.name);
        write_value(out, field.type, row.values[field.number - 1]);
    }
    writer.end(opened);
}

} // namespace

EncodedType encoded_type(Oid type) {
    EncodedType encoded;
    encoded.type = backend([type] { return getBaseType(type); });
    backend(
        [&] { get_typlenbyvalalign(encoded.type, &encoded.length, &encoded.by_value, &encoded.alignment); });
    const auto* const known = std::find_if(std::begin(known_types), std::end(known_types),
                                           [&](const KnownType& k) { return k.type == encoded.type; });
    if (known != std::end(known_types)) {
        encoded.tag = known->tag;
    } else {
        complete_other(encoded);
    }
    return encoded;
}

void write_value(ledger::Bytes& out, const EncodedType& type, Datum value) {
    ledger::Writer writer(out);
    switch (type.tag) {
    case Tag::boolean:
        return writer.boolean(DatumGetBool(value));
    case Tag::integer:
        return writer.integer(integer_of(type, value));
    case Tag::real:
        return writer.real(DatumGetFloat4(value));
    case Tag::double_precision:
        return writer.double_precision(DatumGetFloat8(value));
    case Tag::numeric:
        return writer.numeric(numeric_text(value));
    case Tag::text:
        return writer.text(text_of(type, value));
    case Tag::bytea:
        return writer.bytea(ledger::bytes_of(bytes_of(value)));
    case Tag::timestamptz:
        return writer.timestamptz(DatumGetTimestampTz(value));
    case Tag::timestamp:
        return writer.timestamp(DatumGetTimestamp(value));
    case Tag::date:
        return writer.date(DatumGetDateADT(value));
    case Tag::time:
        return writer.time(DatumGetTimeADT(value));
    case Tag::uuid:
        return writer.uuid(uuid_bytes(value));
    case Tag::jsonb:
        return writer.jsonb(ledger::bytes_of(bytes_of(value)));
    case Tag::array:
        return write_array(out, *type.element, value);
    case Tag::composite:
        return write_composite(out, type, value);
    default:
        return writer.other(type.name, ledger::bytes_of(sent(type, value)));
    }
}

} // namespace auxeira::functions
