// Values of columns in the ledger's encoding (extension/ledger/ENCODING.md), and back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "boundary/door.hpp"
#include "ledger/encoding.hpp"

extern "C" {
#include "access/attnum.h"
}

namespace auxeira::functions {

struct EncodedField;

// How the values of a type are written. Made once for a column.
struct EncodedType {
    ledger::Tag tag = ledger::Tag::other;
    Oid type = InvalidOid; // domains as what they are of
    int16 length = 0;
    bool by_value = false;
    char alignment = 'i';
    FmgrInfo send{};                      // of `other`
    std::string name;                     // of `other`
    std::unique_ptr<EncodedType> element; // of arrays
    std::vector<EncodedField> fields;     // of composite types, by name
};

struct EncodedField {
    std::string name;
    AttrNumber number;
    EncodedType type;
};

// Error 0A000 for a type whose values have no form that is the same in every session and database.
EncodedType encoded_type(Oid type);

// Adds a value. Frees nothing of the server's: to be called in a memory context that is reset.
void write_value(ledger::Bytes& out, const EncodedType& type, Datum value);

} // namespace auxeira::functions
