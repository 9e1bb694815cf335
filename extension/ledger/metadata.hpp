// What a change is beside the row: who, when, where, why.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "ledger/bytes.hpp"

namespace auxeira::ledger {

struct Metadata {
    std::int64_t change_id = 0;
    std::uint64_t xid = 0;
    std::int64_t at = 0;    // microseconds since 2000-01-01 UTC
    std::string_view table; // "schema.name"
    char operation = ' ';
    ByteView key; // encoded like a row
    std::optional<Uuid> organization = {}, user = {}, session = {};
    std::optional<std::string_view> role = {}, login = {}, address = {}, request_id = {}, trace_id = {},
                                    reason = {};
};

void encode(const Metadata& metadata, Bytes& out);

enum class FieldKind { integer, timestamp, text, operation, row, uuid };

struct FieldRow {
    std::string_view name; // as people read it
    FieldKind kind;
    bool required;
};

// By number, from 1.
inline constexpr std::array<FieldRow, 15> metadata_fields{{
    {"changeId", FieldKind::integer, true},
    {"transaction", FieldKind::integer, true},
    {"at", FieldKind::timestamp, true},
    {"table", FieldKind::text, true},
    {"operation", FieldKind::operation, true},
    {"key", FieldKind::row, true},
    {"organization", FieldKind::uuid, false},
    {"user", FieldKind::uuid, false},
    {"session", FieldKind::uuid, false},
    {"role", FieldKind::text, false},
    {"login", FieldKind::text, false},
    {"address", FieldKind::text, false},
    {"requestId", FieldKind::text, false},
    {"traceId", FieldKind::text, false},
    {"reason", FieldKind::text, false},
}};

// Inserted, updated, deleted, truncated, baseline, end, altered, erased, checkpoint.
inline constexpr std::string_view operation_letters = "IUDTBXAEC";

// The contents by number, the first at 0; those left out are empty. A Rejection when it is malformed.
using MetadataContents = std::array<std::optional<ByteView>, metadata_fields.size()>;
MetadataContents read_metadata(ByteView bytes);

} // namespace auxeira::ledger
