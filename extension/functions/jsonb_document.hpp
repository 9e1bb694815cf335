// Documents of the synthesis room from jsonb, and back.
#pragma once

#include "synthesis/document.hpp"

#include "boundary/door.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace auxeira::functions {

// Throws a Rejection when the document is larger or nested deeper than any template is; `path` is what faults
// call it.
synthesis::Value read_document(const Jsonb& jsonb, std::string_view path);

// The result is in the current memory context.
Datum write_document(const synthesis::Value& value);

} // namespace auxeira::functions
